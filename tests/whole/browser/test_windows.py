"""
The chat's rooms as users see them, each in a browser: the room, its history, and its members.
"""

import re

from playwright.sync_api import Locator, Page, expect

from tests.whole.browser.conftest import Chat, Connect, Join
from tests.whole.browser.test_chat import Someone, assertFrom, assertHere, assertOwn, logIn, message, say


def openRoom(page: Page, name: str) -> None:
    page.get_by_label("Open another room").fill(name)
    page.get_by_label("Open another room").press("Enter")
    assertIn(page, name)


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    assertIn(page, name)


def assertIn(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("#rooms [aria-current]")).to_have_text(name)


def member(page: Page, name: str) -> Locator:
    return page.locator(".member", has=page.locator(".name").get_by_text(name, exact=True))


def assertMembers(page: Page, *names: str) -> None:
    expect(page.locator(".member .name")).to_have_text(list(names))


def look(page: Page, away: bool) -> None:
    """
    Show or hide a window: a headless browser never hides one by itself.
    """
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        away,
    )


def test_rooms(someone: Someone) -> None:
    """Grace sees the room that Ada opens; its messages are shown to its members only."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    say(ada, "Tea?")
    assertFrom("Ada", grace, "Tea?")
    openRoom(ada, "Tea room")
    assertHere(ada, "Only you are here")
    expect(ada.locator(".message")).to_have_count(0)
    expect(grace.locator("#rooms a")).to_have_text(["Lobby", "Tea room"])
    assertIn(grace, "Lobby")
    assertHere(grace, "Only you are here")
    say(ada, "The kettle is on")
    assertOwn(ada, "The kettle is on")
    say(grace, "Where are you?")
    assertOwn(grace, "Where are you?")
    expect(grace.locator(".message .text")).to_have_text(["Tea?", "Where are you?"])
    go(grace, "Tea room")
    assertFrom("Ada", grace, "The kettle is on")
    assertHere(ada, "2 people are here")
    expect(ada.locator(".news")).to_have_text("Grace joined")
    say(grace, "Here I am")
    assertFrom("Grace", ada, "Here I am")
    go(ada, "Lobby")
    expect(grace.locator(".news")).to_have_text("Ada left")
    expect(ada.locator(".message .text")).to_have_text(["Tea?", "Where are you?"])


def test_address(someone: Someone, chat: Chat) -> None:
    """A room has an address for bookmarks and the back button; letter case doesn't count."""
    ada = logIn(someone(), "Ada")
    openRoom(ada, "Café 🫖")
    assert ada.url == f"{chat.url}#Caf%C3%A9%20%F0%9F%AB%96"
    ada.reload()
    assertIn(ada, "Café 🫖")
    ada.go_back()
    assertIn(ada, "Lobby")
    ada.goto(f"{chat.url}#CAF%C3%89%20%F0%9F%AB%96")
    assertIn(ada, "Café 🫖")
    expect(ada).to_have_url(f"{chat.url}#Caf%C3%A9%20%F0%9F%AB%96")


def test_noRoom(someone: Someone, chat: Chat) -> None:
    """An invalid room name is refused with a friendly message, and the user stays in the room."""
    ada = logIn(someone(), "Ada")
    openRoom(ada, "Tea")
    ada.get_by_label("Open another room").fill("\u200b")
    ada.get_by_label("Open another room").press("Enter")
    expect(ada.get_by_role("status")).to_have_text("Please choose a name of 1 to 24 visible characters.")
    assertIn(ada, "Tea")
    expect(ada).to_have_url(f"{chat.url}#Tea")
    say(ada, "Still here")
    assertOwn(ada, "Still here")
    expect(ada.get_by_role("status")).to_have_text("")
    for address in ("#" + "x" * 25, "#%"):
        stray = ada.context.new_page()
        stray.goto(chat.url + address)
        assertIn(stray, "Lobby")
        expect(stray.get_by_role("status")).not_to_have_text(re.compile("^$|Connecting"))
        expect(stray).to_have_url(chat.url)


def test_recentLines(someone: Someone) -> None:
    """A user who comes later reads the earlier messages in order; a user who returns sees which are her own."""
    ada = logIn(someone(), "Ada")
    for number in range(12):
        say(ada, f"Line {number}")
    expect(message(ada, "Line 11")).to_be_visible()
    grace = logIn(someone(), "Grace")
    for page in (grace, ada):
        expect(page.locator(".message .text")).to_have_text([f"Line {number}" for number in range(12)])
    assertFrom("Ada", grace, "Line 0")
    expect(message(grace, "Line 11")).to_be_in_viewport()
    ada.reload()
    expect(ada.locator(".message .text")).to_have_text([f"Line {number}" for number in range(12)])
    assertOwn(ada, "Line 0")
    say(ada, "And one more")
    expect(message(grace, "And one more")).to_be_visible()


def test_members(someone: Someone) -> None:
    """The members are listed, each user once and oneself first; a user without windows is removed."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    assertMembers(ada, "Ada", "Grace")
    assertMembers(grace, "Grace", "Ada")
    expect(member(ada, "Ada").locator(".status")).to_have_text("you")
    expect(member(ada, "Grace").locator(".status")).to_have_text("")
    second = grace.context.new_page()
    second.goto(grace.url)
    assertMembers(second, "Grace", "Ada")
    assertMembers(ada, "Ada", "Grace")
    grace.close()
    say(second, "One window left")
    assertFrom("Grace", ada, "One window left")
    assertMembers(ada, "Ada", "Grace")
    second.close()
    assertMembers(ada, "Ada")
    expect(ada.locator(".news").last).to_have_text("Grace left")


def test_away(someone: Someone) -> None:
    """A user who looks at none of her windows is shown as away, without a leave or a join."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    second = grace.context.new_page()
    second.goto(grace.url)
    assertHere(second, "2 people are here")
    look(grace, away=True)
    say(second, "I look at the other")
    assertFrom("Grace", ada, "I look at the other")
    expect(member(ada, "Grace").locator(".status")).to_have_text("")
    look(second, away=True)
    expect(member(ada, "Grace").locator(".status")).to_have_text("away")
    expect(member(grace, "Grace").locator(".status")).to_have_text("you, away")
    look(grace, away=False)
    expect(member(ada, "Grace").locator(".status")).to_have_text("")
    expect(ada.locator(".news")).to_have_text(["Grace joined"])
    look(grace, away=True)
    openRoom(grace, "Tea")
    expect(member(grace, "Grace").locator(".status")).to_have_text("you, away")


def test_lostConnection(someone: Someone, join: Join, connect: Connect) -> None:
    """A user with a lost connection leaves after a while; one who is back by then never left."""
    ada = logIn(someone(), "Ada")
    first, token = join("Grace")
    for grace in (first, connect()):
        grace.send(event="socket.auth.request", data={"token": token})
        grace.send(event="socket.subscribe", data={"room": "chat:Lobby", "presence": True}, id=1)
        grace.readUntil("socket.presence.state")
        assertMembers(ada, "Ada", "Grace")
        grace.cut()
    expect(ada.locator(".news")).to_have_text(["Grace joined", "Grace left"])
    assertMembers(ada, "Ada")


def test_notSent(someone: Someone) -> None:
    """For a refused message the window shows the reason, and keeps the text for editing."""
    ada = logIn(someone(), "Ada")
    ada.get_by_label("Your message").evaluate("input => input.removeAttribute('maxlength')")
    say(ada, "x" * 501)
    expect(ada.get_by_role("status")).to_have_text("Not sent: A message is a text of 1 to 500 characters.")
    expect(ada.get_by_label("Your message")).to_have_value("x" * 501)
    say(ada, "shorter")
    assertOwn(ada, "shorter")
    expect(ada.get_by_role("status")).to_have_text("")
    expect(ada.locator(".message")).to_have_count(1)


def test_markupInNames(someone: Someone) -> None:
    """HTML in a room's name is shown as text, everywhere."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "<i>Grace</i>#1")
    openRoom(ada, "<img src=x>&amp;")
    go(grace, "<img src=x>&amp;")
    assertMembers(ada, "Ada", "<i>Grace</i>#1")
    expect(ada.locator("aside img, aside i, h1 img")).to_have_count(0)


def test_original(someone: Someone, join: Join) -> None:
    """A window and a page of the original, which knows no rooms, meet in the lobby."""
    original, token = join("Grace")
    original.send(event="socket.auth.request", data=token)
    original.readUntil("chat.here")
    ada = logIn(someone(), "Ada")
    original.send(event="chat.send", data="Hello from 2016")
    assertFrom("Grace", ada, "Hello from 2016")
    say(ada, "Hello, Grace!")
    frame = original.readUntil("chat.message")[-1]
    assert frame == {"event": "chat.message", "data": {"client": {"username": "Ada"}, "message": "Hello, Grace!"}}
