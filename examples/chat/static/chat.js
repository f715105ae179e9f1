/**
 * The window's side of the chat: what the server tells becomes a line, what is written becomes an event.
 *
 * Whatever somebody wrote, names too, comes into the page as text and never as HTML.
 */
const MOST_LINES = 500;

const [log, lines, people, state, composer, input] =
    ['log', 'lines', 'people', 'state', 'composer', 'message'].map((id) => document.getElementById(id));

const ratchet = new Ratchet();

ratchet.on('chat.message', (message) => showMessage(message, 'theirs'));
ratchet.on('chat.message.sent', (message) => showMessage(message, 'own'));
ratchet.on('chat.joined', (news) => showNews(news, 'joined'));
ratchet.on('chat.left', (news) => showNews(news, 'left'));
ratchet.on('chat.here', showPeople);

ratchet.on('socket.auth.success', () => state.replaceChildren());
ratchet.on('socket.auth.failure', () => ratchet.close());
ratchet.on('socket.close', showLost);

composer.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text) {
        ratchet.emit('chat.send', text);
        composer.reset();
    }
    input.focus();
});

function showMessage({ client: { username }, message }, whose) {
    const line = copy('message-line');
    const [avatar, name, time, text] =
        ['.avatar', '.name', 'time', '.text'].map((part) => line.querySelector(part));
    const now = new Date();
    avatar.textContent = [...username][0].toUpperCase();
    avatar.style.setProperty('--hue', hue(username));
    name.textContent = whose === 'own' ? 'You' : username;
    time.textContent = now.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    time.dateTime = now.toISOString();
    text.textContent = message;
    line.dataset.from = [whose, time.textContent, username];
    line.classList.add(whose);
    line.classList.toggle('follows', lines.lastElementChild?.dataset.from === line.dataset.from);
    show(line, whose === 'own');
}

function showNews(news, what) {
    const line = copy('news-line');
    line.querySelector('.name').textContent = news.client.username;
    line.querySelector('.what').textContent = what;
    show(line);
    showPeople(news);
}

function showPeople({ people: count }) {
    people.textContent = count === 1 ? 'Only you are here' : `${count} people are here`;
}

/** Says so, and leaves what is half written where it can be copied. */
function showLost() {
    state.replaceChildren(document.getElementById('lost').content.cloneNode(true));
    input.readOnly = true;
    composer.querySelector('button').disabled = true;
    people.textContent = '';
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

/** The same colour for the same name, in every window. */
function hue(name) {
    return [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 7);
}
