"""
The chat as its users see it, each in a browser.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.whole.browser.conftest import PATIENCE, Chat

expect.set_options(timeout=PATIENCE * 1000)

Someone = Callable[..., Page]

DESKTOP = {"width": 900, "height": 640}
PHONE = {"width": 390, "height": 760}


def logIn(page: Page, name: str) -> Page:
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join the chat").click()
    expect(page.locator("#people")).to_contain_text("here")
    return page


def say(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def message(page: Page, text: str) -> Locator:
    return page.locator(".message", has=page.locator(".text").get_by_text(text, exact=True))


def assertOwn(page: Page, text: str) -> None:
    expect(message(page, text)).to_have_class("message own")
    expect(message(page, text).locator(".name")).to_have_text("You")


def assertFrom(name: str, page: Page, text: str) -> None:
    expect(message(page, text)).to_have_class("message theirs")
    expect(message(page, text).locator(".name")).to_have_text(name)


def assertHere(page: Page, text: str) -> None:
    expect(page.locator("#people")).to_have_text(text)


def test_conversation(someone: Someone) -> None:
    """Grace reads what Ada says and can answer, and each user's own lines are marked."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    say(ada, "Hello, Grace!")
    assertOwn(ada, "Hello, Grace!")
    assertFrom("Ada", grace, "Hello, Grace!")
    say(grace, "Ada! Schön, dich zu lesen 🦄")
    assertOwn(grace, "Ada! Schön, dich zu lesen 🦄")
    assertFrom("Grace", ada, "Ada! Schön, dich zu lesen 🦄")


def test_writingOn(someone: Someone) -> None:
    """After Enter the line is empty and has the focus; a blank message isn't sent."""
    ada = logIn(someone(), "Ada")
    say(ada, "one")
    expect(ada.get_by_label("Your message")).to_be_focused()
    expect(ada.get_by_label("Your message")).to_have_value("")
    say(ada, "   ")
    say(ada, "two")
    expect(ada.locator(".message .text")).to_have_text(["one", "two"])


@pytest.mark.parametrize(
    "text",
    [
        """<img src=x onerror="document.title = 'broken into'">""",
        "</script><script>document.title = 'broken into'</script>",
        "<b>bold</b> &amp; bolder",
    ],
)
def test_markupIsText(someone: Someone, text: str) -> None:
    """HTML in a message is shown as text and doesn't run."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    say(ada, text)
    say(ada, "Did it show?")
    for page in (ada, grace):
        expect(page.locator(".message .text")).to_have_text([text, "Did it show?"])
        expect(page.locator(".text *")).to_have_count(0)
        assert "broken into" not in page.title()


@pytest.mark.parametrize("name", ["<b onclick=x>Eve</b>", "</script><i>", "'\"&lt;{{ 7*7 }}"])
def test_nameWithMarkup(someone: Someone, name: str) -> None:
    """HTML in a name is shown as text, everywhere."""
    ada, eve = logIn(someone(), "Ada"), logIn(someone(), name)
    say(eve, "Hi")
    expect(eve.locator(".me")).to_have_text(name)
    expect(ada.locator(".news").last).to_have_text(f"{name} joined")
    assertFrom(name, ada, "Hi")
    expect(eve).to_have_title(f"Chat: {name}")


def test_takenName(someone: Someone) -> None:
    """Another user's name is refused with a friendly message, in any case, and another name is accepted."""
    logIn(someone(), "Ada")
    other = someone()
    other.get_by_label("Your name").fill("ADA")
    other.get_by_label("Your name").press("Enter")
    expect(other.get_by_role("alert")).to_have_text("Somebody here is called ADA already. What else may we call you?")
    expect(other.get_by_label("Your name")).to_have_value("ADA")
    expect(other.get_by_label("Your name")).to_be_focused()
    logIn(other, "Ada L.")
    expect(other.locator(".me")).to_have_text("Ada L.")


def test_comingAndGoing(someone: Someone) -> None:
    """The users are told who comes and goes, and how many there are."""
    ada = logIn(someone(), "Ada")
    assertHere(ada, "Only you are here")
    grace = logIn(someone(), "Grace")
    expect(ada.locator(".news")).to_have_text(["Grace joined"])
    assertHere(ada, "2 people are here")
    assertHere(grace, "2 people are here")
    expect(grace.locator(".news")).to_have_count(0)
    grace.close()
    expect(ada.locator(".news")).to_have_text(["Grace joined", "Grace left"])
    assertHere(ada, "Only you are here")


def test_twoWindows(someone: Someone) -> None:
    """Grace is one user in any number of windows: only the first window is shown as a join, and only the last as a leave."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    second = grace.context.new_page()
    second.goto(grace.url)
    assertHere(second, "2 people are here")
    say(ada, "How many are you?")
    assertFrom("Ada", grace, "How many are you?")
    assertFrom("Ada", second, "How many are you?")
    grace.close()
    say(second, "One")
    assertFrom("Grace", ada, "One")
    expect(ada.locator(".news")).to_have_text(["Grace joined"])
    second.close()
    expect(ada.locator(".news")).to_have_text(["Grace joined", "Grace left"])


def test_reload(someone: Someone) -> None:
    """A user who reloads the page stays the same user, and can go on."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    grace.reload()
    expect(grace.locator(".me")).to_have_text("Grace")
    # Until the window is in its room, it keeps the line.
    assertHere(grace, "2 people are here")
    say(grace, "Still me")
    assertFrom("Grace", ada, "Still me")


def test_logOut(someone: Someone) -> None:
    """A logout leads back to the form, ends the other windows, and frees the name."""
    ada, grace = logIn(someone(), "Ada"), logIn(someone(), "Grace")
    second = grace.context.new_page()
    second.goto(grace.url)
    assertHere(second, "2 people are here")
    grace.get_by_role("button", name="Log out").click()
    expect(grace.get_by_label("Your name")).to_be_focused()
    expect(second.get_by_role("status")).to_have_text("Connection lost. Reload to come back.")
    expect(ada.locator(".news")).to_have_text(["Grace joined", "Grace left"])
    second.get_by_role("link", name="Reload").click()
    expect(second.get_by_label("Your name")).to_be_visible()
    logIn(someone(), "Grace")


def test_connectionLost(someone: Someone, chat: Chat) -> None:
    """Without its server the window says so and sends nothing, but keeps the unfinished line."""
    ada = logIn(someone(), "Ada")
    expect(ada.get_by_role("status")).to_have_text("")
    ada.get_by_label("Your message").fill("Half a th")
    chat.stop()
    expect(ada.get_by_role("status")).to_have_text("Connection lost. Reload to come back.")
    expect(ada.get_by_role("button", name="Send")).to_be_disabled()
    expect(ada.get_by_label("Your message")).not_to_be_editable()
    ada.get_by_label("Your message").press("Enter")
    expect(ada.get_by_label("Your message")).to_have_value("Half a th")
    expect(ada.locator(".message")).to_have_count(0)


def test_newestInSight(someone: Someone) -> None:
    """The newest message scrolls into view, unless the user has scrolled up."""
    ada, grace = logIn(someone(viewport=PHONE), "Ada"), logIn(someone(viewport=PHONE), "Grace")
    for number in range(30):
        say(ada, f"Line {number}")
    expect(message(ada, "Line 29")).to_be_in_viewport()
    expect(message(grace, "Line 29")).to_be_in_viewport()
    grace.get_by_role("log").evaluate("log => { log.scrollTop = 0 }")
    say(ada, "Do you read this?")
    expect(message(grace, "Do you read this?")).to_have_count(1)
    expect(message(grace, "Do you read this?")).not_to_be_in_viewport()
    expect(message(grace, "Line 0")).to_be_in_viewport()
    say(grace, "Now I do")
    expect(message(grace, "Now I do")).to_be_in_viewport()


CONVERSATION = [
    ("Ada", "Good morning! Anybody up already?"),
    ("Grace", "Since five. I found the bug."),
    ("Grace", "It was an actual moth, in relay 70 of panel F. I taped it into the log book."),
    (
        "Ada",
        "The first actual case of a bug being found 😄 I'm still weaving patterns, as a loom weaves flowers.",
    ),
    ("Grace", "I'd love to read that!"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_looks(someone: Someone, chat: Chat, tmp_path: Path, device: str, size: dict[str, int], scheme: str) -> None:
    """The page fits the window in both colour schemes, on a desktop and on a phone (RATCHET_SCREENSHOTS takes pictures)."""
    folder = Path(os.environ.get("RATCHET_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def look(page: Page, what: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what} is wider than the window"
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), f"{what} is higher than the window"
        page.screenshot(path=folder / f"{what}-{device}-{scheme}.png", animations="disabled", caret="initial")

    options = {"viewport": size, "color_scheme": scheme}
    first, second = someone(**options), someone(**options)
    look(first, "login")
    pages = {"Ada": logIn(first, "Ada")}
    look(first, "alone")
    second.get_by_label("Your name").fill("ada")
    second.get_by_role("button", name="Join the chat").click()
    look(second, "refused")
    pages["Grace"] = logIn(second, "Grace")
    for name, text in CONVERSATION:
        say(pages[name], text)
        for page in pages.values():
            expect(message(page, text)).to_be_visible()
    for name, page in pages.items():
        look(page, name.lower())
    third = logIn(someone(**options), "Hypatia of Alexandria ❤️")
    look(third, "long-name")
    for room in ("Tea", "Knitting & more patterns"):
        third.get_by_label("Open another room").fill(room)
        third.get_by_label("Open another room").press("Enter")
        expect(third.get_by_role("heading", level=1)).to_have_text(room)
        expect(first.get_by_role("link", name=room, exact=True)).to_have_count(1)
    look(third, "another-room")
    second.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.get_by_text("away", exact=True)).to_be_visible()
    look(first, "rooms")
    chat.stop()
    expect(first.get_by_role("link", name="Reload")).to_be_visible()
    look(first, "lost")
