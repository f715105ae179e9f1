/**
 * The window's side of the chat: what the server tells becomes a line, what is written becomes an event.
 *
 * Which room it is stands in the address, after the #. Whatever somebody wrote, names too, comes into the page as text and
 * never as HTML.
 */
const MOST_LINES = 500;
const LOBBY = 'Lobby';

const [log, lines, title, people, roomList, memberList, state, opener, wanted, composer, input] = [
    'log', 'lines', 'room', 'people', 'rooms', 'members', 'state', 'opener', 'wanted', 'composer', 'message',
].map((id) => document.getElementById(id));

const ratchet = new Ratchet();

/** The subscription of the room that is shown. */
let room = null;
let name = '';
let me = '';

ratchet.on('socket.auth.success', enterWanted);
ratchet.on('socket.auth.failure', () => ratchet.close());
ratchet.on('socket.close', showLost);
ratchet.on('chat.rooms', showRooms);

addEventListener('hashchange', enterWanted);

document.addEventListener('visibilitychange', () => room?.update({ status: status() }));

opener.addEventListener('submit', (event) => {
    event.preventDefault();
    if (wanted.value.trim()) {
        location.hash = encodeURIComponent(wanted.value.trim());
        opener.reset();
    }
});

composer.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text && room) {
        say(text);
        composer.reset();
    }
    input.focus();
});

async function enterWanted() {
    try {
        await enter(decodeURIComponent(location.hash.slice(1)) || LOBBY);
    } catch (error) {
        if (!room && ratchet.authenticated) {
            await enter(LOBBY);
        }
        showTrouble(error.message);
    }
    history.replaceState(null, '', addressOf(name || LOBBY));
}

async function enter(wantedRoom) {
    const found = await ratchet.emit('chat.open', wantedRoom, { ack: true });
    if (name !== found.room) {
        room?.unsubscribe();
        lines.replaceChildren();
        [name, me, title.textContent] = [found.room, found.you, found.room];
        subscribe();
    }
    showRooms(found.rooms);
    state.replaceChildren();
    input.focus();
}

/** Who comes in has the room's last lines, then all that is said, and knows who else is there. */
function subscribe() {
    room = ratchet.subscribe(`chat:${name}`, { history: 100, presence: true, meta: { status: status() } });
    room.on('chat.said', showMessage);
    room.on('socket.presence', showPeople);
    room.on('socket.resync', () => lines.replaceChildren());
}

async function say(text) {
    try {
        await ratchet.emit('chat.say', { room: name, text }, { ack: true });
        state.replaceChildren();
    } catch (error) {
        showTrouble(`Not sent: ${error.message}`);
        input.value ||= text;
    }
}

function status() {
    return document.hidden ? 'away' : 'here';
}

function showMessage({ from, text, at }) {
    const line = copy('message-line');
    const [nameOf, time] = ['.name', 'time'].map((part) => line.querySelector(part));
    const whose = from === me ? 'own' : 'theirs';
    const when = new Date(at * 1000);
    showAvatar(line, from);
    nameOf.textContent = from === me ? 'You' : nameIn(from);
    time.textContent = when.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    time.dateTime = when.toISOString();
    line.querySelector('.text').textContent = text;
    line.dataset.from = [time.textContent, from];
    line.classList.add(whose);
    line.classList.toggle('follows', lines.lastElementChild?.dataset.from === line.dataset.from);
    show(line, whose === 'own');
}

/** Lists each person once, oneself first; whoever looks at none of their windows is away. */
function showPeople({ members, joined, left }) {
    joined.forEach((id) => showNews(id, 'joined'));
    left.forEach((id) => showNews(id, 'left'));
    people.textContent = members.size === 1 ? 'Only you are here' : `${members.size} people are here`;
    const ids = [...members.keys()].sort((one, other) => (other === me) - (one === me) || one.localeCompare(other));
    memberList.replaceChildren(...ids.map((id) => memberLine(id, members.get(id).metas)));
}

function memberLine(id, windows) {
    const line = copy('member-line');
    const isAway = windows.every((window) => window.status === 'away');
    showAvatar(line, id);
    line.querySelector('.name').textContent = nameIn(id);
    line.querySelector('.status').textContent = [id === me && 'you', isAway && 'away'].filter(Boolean).join(', ');
    line.classList.toggle('away', isAway);
    return line;
}

function showAvatar(line, id) {
    const avatar = line.querySelector('.avatar');
    avatar.textContent = [...id][0].toUpperCase();
    avatar.style.setProperty('--hue', hue(nameIn(id)));
}

function showNews(id, what) {
    const line = copy('news-line');
    line.querySelector('.name').textContent = nameIn(id);
    line.querySelector('.what').textContent = what;
    show(line);
}

function showRooms(names) {
    roomList.replaceChildren(...names.map((each) => {
        const line = copy('room-line');
        const link = line.querySelector('a');
        link.href = addressOf(each);
        line.querySelector('bdi').textContent = each;
        if (each === name) {
            link.setAttribute('aria-current', 'page');
        }
        return line;
    }));
    roomList.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function showTrouble(text) {
    if (ratchet.authenticated) {
        state.textContent = text;
    }
}

/** Says so, and leaves what is half written where it can be copied. */
function showLost() {
    state.replaceChildren(document.getElementById('lost').content.cloneNode(true));
    input.readOnly = true;
    wanted.readOnly = true;
    document.querySelectorAll('#opener button, #composer button').forEach((button) => { button.disabled = true; });
    people.textContent = '';
    memberList.replaceChildren();
}

/** Adds a line, and keeps the newest in sight for who hasn't scrolled up to read. */
function show(line, always = false) {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    lines.append(line);
    if (lines.childElementCount > MOST_LINES) {
        lines.firstElementChild.remove();
    }
    if (atEnd || always) {
        log.scrollTop = log.scrollHeight;
    }
}

function copy(template) {
    return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function addressOf(roomName) {
    return roomName === LOBBY ? location.pathname : `#${encodeURIComponent(roomName)}`;
}

/** Everybody's id begins with the name. */
function nameIn(id) {
    return id.slice(0, id.lastIndexOf('#'));
}

/** The same colour for the same name, in every window. */
function hue(text) {
    return [...text].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 7);
}
