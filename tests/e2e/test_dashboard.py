"""The dashboard in a real browser: its numbers are the API's, and all that can be done there can be done."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from e2e.support_dashboard_page import PATIENCE_MS, SETTINGS, SIZES, WEB, build, fill, hold, places, visiting
from support_product import TOKEN, Product
from support_receiver import receiving

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PAGES = (
    "/",
    "/live",
    "/breakdown?by=cdn",
    "/breakdown?by=cdn&by2=device_type",
    "/videos",
    "/views",
    "/errors",
    "/alerts",
    "/alerts?alert=new",
    "/setup",
    "/shares",
)
SCRIPT_BYTES = 300_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A product with hours of synthetic views."""
    build()
    folder = tmp_path_factory.mktemp("dashboard")
    running = Product(folder / "data", *places(folder), "--alert-private-targets")
    running.start()
    fill(running)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser():
    """One real Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**SETTINGS)
        yield started
        started.close()


@pytest.fixture
def visitor(browser, product):
    """Somebody who is signed in, and whose pages had nothing to complain of."""
    with visiting(browser, product) as one:
        yield one
        assert one.complaints == []


def numbers(product, metrics, **params):
    """The API's answer to a question for one row, the headline question of a page."""
    query = urlencode({"metrics": ",".join(metrics), "from": "-24h", **params}, doseq=True)
    (row,) = product.get(f"/v1/query?{query}")["data"]
    return row


def same(shown, answered) -> None:
    """What the page shows is what the API answers."""
    assert shown
    assert shown == pytest.approx({key: answered[key] for key in shown}, nan_ok=True)


def some_view(product):
    """A view with events."""
    return product.get("/v1/views?limit=1&filters=started:eq:true&filters=event_count:gt:5")["data"][0]


def test_sign_in_and_out(browser, product) -> None:
    """A wrong token is told, a right one opens the dashboard, which stays open until one signs out."""
    with visiting(browser, product, signed_in=False) as somebody:
        page = somebody.page
        page.goto(somebody.origin + "/")
        page.get_by_label("API token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not known")
        page.get_by_label("API token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("API token")).to_be_visible()


def test_the_overview_shows_what_the_api_says(visitor, product) -> None:
    """Each figure, and each series behind it."""
    visitor.open("/")
    shown = visitor.cards()
    assert list(shown) == product.get("/v1/board")["data"]["headlines"]
    same(shown, numbers(product, shown))


def test_filters_narrow_every_number(visitor, product) -> None:
    """A press on a value keeps only its views; the filter stands in the address and can be taken away again."""
    page = visitor.open("/")
    whole = visitor.cards()
    visitor.panel("CDN").locator("button.label").first.click()
    visitor.settle()
    filters = visitor.state()["f"]
    assert filters.startswith("cdn:")
    attempts = page.locator(".card[data-metric='attempts'] .value")
    expect(attempts).not_to_have_attribute("data-value", f"{whole['attempts']:.0f}")
    visitor.settle()
    same(visitor.cards(), numbers(product, whole, filters=filters))
    page.locator(".chip button").click()
    expect(attempts).to_have_attribute("data-value", f"{whole['attempts']:.0f}")


def test_a_filter_is_found_by_searching(visitor, product) -> None:
    """By keyboard: a dimension by its name, a value with its count; Escape closes and gives the focus back."""
    page = visitor.open("/")
    button = page.get_by_role("button", name="Add a filter")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search for a dimension")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("dialect")
    page.get_by_role("button", name="Dialect", exact=True).click()
    page.get_by_label("Search for a value").fill("mux")
    option = page.locator(".list label", has_text="mux")
    expect(option).to_have_count(1)
    option.locator("input").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_have_text("Dialect is mux")
    visitor.settle()
    assert visitor.state()["f"] == "dialect:eq:mux"


def test_a_drag_over_the_chart_zooms(visitor, product) -> None:
    """Into the buckets that were dragged over; back zooms out."""
    page = visitor.open("/?from=-6h")
    page.wait_for_selector(".chart canvas")
    box = page.locator(".chart").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=5)
    page.mouse.up()
    page.wait_for_url("**/*from=2*")
    visitor.settle()
    state = visitor.state()
    page.wait_for_timeout(500)
    same(visitor.cards(), numbers(product, visitor.cards(), **{"from": state["from"], "to": state["to"]}))
    page.go_back()
    page.wait_for_url("**/*from=-6h*")


def test_the_chart_zooms_by_keyboard(visitor) -> None:
    """Arrow keys choose a bucket and say it, Shift a stretch, Enter zooms into it."""
    page = visitor.open("/?from=-6h")
    page.wait_for_selector(".chart canvas")
    brush = page.get_by_role("slider", name="Zoom")
    brush.focus()
    page.keyboard.press("End")
    expect(brush).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d: Attempts \d+"))
    for _ in range(12):
        page.keyboard.press("Shift+ArrowLeft")
    expect(brush).to_have_attribute("aria-valuetext", re.compile(" to "))
    page.keyboard.press("Enter")
    page.wait_for_url("**/*from=2*")
    visitor.settle()


def test_the_chart_zooms_under_a_finger(browser, product) -> None:
    """A finger that moves along the chart zooms."""
    with visiting(browser, product, size="phone", has_touch=True) as somebody:
        page = somebody.open("/?from=-6h")
        chart = page.locator(".chart")
        chart.scroll_into_view_if_needed()
        page.wait_for_selector(".chart canvas")
        box = chart.bounding_box()
        tools = somebody.context.new_cdp_session(page)
        y = box["y"] + box["height"] / 2
        for kind, part in (("touchStart", 0.3), ("touchMove", 0.5), ("touchMove", 0.8), ("touchEnd", None)):
            points = [] if part is None else [{"x": box["x"] + box["width"] * part, "y": y}]
            tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_url("**/*from=2*")
        assert somebody.complaints == []


def test_another_figure_is_drawn_at_once(visitor) -> None:
    """Although the server is silent: its series was there already."""
    page = visitor.open("/")
    page.wait_for_selector(".chart canvas")
    expect(page.locator(".card .spark .fill")).to_have_count(8)
    held = hold(page, "**/v1/query?*")
    page.locator(".card[data-metric='experience_score'] .cover").click()
    expect(page.locator(".chart [role=img]")).to_have_attribute("aria-label", re.compile("^Experience score"))
    expect(page.locator(".card.chosen")).to_have_attribute("data-metric", "experience_score")
    for route in held:
        route.continue_()
    page.unroute("**/v1/query?*")


def test_the_old_picture_stays_until_the_new_one_is_there(visitor) -> None:
    """With a sign that it is old; three questions run at once, and who leaves gives them up."""
    page = visitor.open("/")
    expect(page.locator(".card .spark .fill")).to_have_count(8)
    before = visitor.cards()
    failed = []
    held = hold(page, "**/v1/query?*")
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.get_by_role("button", name="7 d").click()
    expect(page.get_by_role("button", name="7 d")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".stale .card")).to_have_count(len(before))
    assert visitor.cards() == before
    page.wait_for_timeout(300)
    assert len(held) == 3
    page.locator("nav").get_by_role("link", name="Views").click()
    expect(page.get_by_role("heading", name="Views", exact=True)).to_be_visible()
    page.wait_for_timeout(300)
    # A question of the picture before may have been on its way at the click: it is given up as well.
    assert len(held) == 3
    assert {route.request.url for route in held} <= set(failed)


def test_countries_are_on_the_map(visitor, product) -> None:
    """Each country that has views is shaded, says its number, and filters when it is pressed."""
    page = visitor.open("/breakdown?by=country&m=attempts")
    answered = product.get("/v1/query?metrics=attempts&group_by=country&from=-24h")["data"]
    views = {row["country"]: row["attempts"] for row in answered if row["country"]}
    assert len(views) > 3
    known = page.locator(".world [data-country]")
    expect(known).to_have_count(len(views))
    assert set(known.evaluate_all("all => all.map(one => one.dataset.country)")) == set(views)
    page.locator(".world [data-country='US']").dispatch_event("pointerover")
    expect(page.locator(".world figcaption")).to_contain_text(f"United States: {views['US']}")
    page.locator(".world [data-country='US']").dispatch_event("click")
    visitor.settle()
    assert visitor.state()["f"] == "country:eq:US"
    expect(known).to_have_count(1)


def test_a_link_shows_the_same_to_a_colleague(browser, visitor, product) -> None:
    """In another place of the world, too: range, zone, filters and figure are all in the address."""
    page = visitor.open("/?from=2026-01-01T00:00&f=dialect:eq:native")
    page.locator(".card[data-metric='watch_time'] .cover").click()
    page.wait_for_url("**/*m=watch_time*")
    visitor.settle()
    with visiting(browser, product, timezone="Asia/Tokyo") as colleague:
        colleague.page.goto(page.url)
        colleague.page.wait_for_selector(".card.chosen")
        colleague.settle()
        assert colleague.state() == visitor.state()
        assert colleague.state()["tz"] == "Europe/Berlin"
        # Views that were never ended are still being closed; how many began does not change.
        assert colleague.cards()["attempts"] == visitor.cards()["attempts"]
        chosen = colleague.page.locator(".card.chosen")
        expect(chosen).to_have_attribute("data-metric", "watch_time")


def test_a_range_is_chosen_on_the_clocks_of_its_zone(visitor) -> None:
    """Which is not the browser's; to apply it again moves nothing."""
    page = visitor.open("/?tz=Asia/Tokyo")
    form = page.locator(".rangebar .popover")
    for _ in range(2):
        form.get_by_role("button").first.click()
        form.get_by_label("From", exact=True).fill("2026-03-12T20:00")
        form.get_by_role("button", name="Apply").click()
        expect(form).to_contain_text("12 Mar, 20:00")
        assert visitor.state()["from"] == "2026-03-12T11:00:00.000Z"
    form.get_by_role("button").first.click()
    form.get_by_label("Time zone").select_option("Europe/Berlin")
    expect(form.get_by_label("From", exact=True)).to_have_value("2026-03-12T12:00")
    form.get_by_role("button", name="Apply").click()
    assert visitor.state()["from"] == "2026-03-12T11:00:00.000Z"


def test_another_question_begins_on_its_first_page(visitor) -> None:
    """Its cursors are of another answer, and would leave views out."""
    page = visitor.open("/views")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Page 2")).to_be_visible()
    with page.expect_request("**/v1/views?*") as asking:
        page.get_by_role("button", name="7 d").click()
    expect(page.get_by_text("Page 1")).to_be_visible()
    assert "cursor" not in parse_qs(urlsplit(asking.value.url).query)


def test_any_percentile_can_be_chosen(visitor, product) -> None:
    """The figure's measurement is changed beside its chart, and what is drawn is what the API answers."""
    page = visitor.open("/?m=video_startup_time.median")
    page.get_by_label("Measurement").select_option("p95")
    page.wait_for_url("**/*m=video_startup_time.p95*")
    panel = page.locator("section.panel", has=page.get_by_label("Measurement"))
    panel.get_by_role("button", name="Export and more").click()
    page.get_by_role("button", name="Show as table").click()
    expect(panel.locator("tbody tr").first).to_be_visible()
    question = "/v1/query?metrics=video_startup_time.p95&granularity=hour&from=-24h&timezone=Europe/Berlin"
    assert panel.locator("tbody tr").count() == product.get(question)["meta"]["row_count"]


def test_a_breakdown_is_the_apis_worst_first(visitor, product) -> None:
    """Its values, its total, and the groups that cost most on top."""
    page = visitor.open("/breakdown?by=cdn&m=playback_failure_percentage")
    metric = "playback_failure_percentage"
    question = f"/v1/query?metrics={metric}&group_by=cdn&totals=true&weights=true&from=-24h"
    answer = product.get(question)
    rows = {str(row["cdn"]) if row["cdn"] is not None else "null": row[metric] for row in answer["data"]}
    assert visitor.column(metric) == pytest.approx(rows)
    total = float(page.locator("[data-total]").get_attribute("data-total"))
    assert total == pytest.approx(answer["meta"]["totals"][metric])
    impacts = list(visitor.column("impact").values())
    assert impacts == sorted(impacts, reverse=True)
    page.get_by_label("And by").select_option("device_type")
    visitor.settle()
    expect(page.locator("table.heatmap")).to_be_visible()


def test_videos_and_one_of_them(visitor, product) -> None:
    """The list's figures and the page of one video are the API's."""
    page = visitor.open("/videos")
    answer = product.get("/v1/query?metrics=attempts,video_startup_time.median&group_by=video_id&from=-24h")
    rows = {str(row["video_id"]): row["attempts"] for row in answer["data"] if row["video_id"] is not None}
    shown = {row: value for row, value in visitor.column("attempts").items() if row != "null"}
    assert shown == rows
    page.locator("tbody a").first.click()
    page.wait_for_url("**/video?*")
    visitor.settle()
    page.wait_for_selector(".card")
    filters = f"video_id:eq:{visitor.state()['id']}"
    same(visitor.cards(), numbers(product, visitor.cards(), filters=filters))
    expect(page.get_by_role("heading", name="Audience over the content")).to_be_visible()


def test_the_list_of_views_and_one_view(visitor, product) -> None:
    """Filtered as the address says; one view has its states, its events, and its flags in words."""
    page = visitor.open("/views?f=dialect:eq:livepeer")
    answered = product.get("/v1/views?filters=dialect:eq:livepeer&from=-24h&limit=50")["data"]
    ids = page.eval_on_selector_all("tbody tr", "all => all.map(one => one.dataset.row)")
    assert ids == [one["view_id"] for one in answered]
    page.locator("tbody a").first.click()
    page.wait_for_url("**/view?*")
    visitor.settle()
    view = product.get(f"/v1/views/{visitor.state()['id']}")["data"]
    expect(page.locator(".lane svg .state")).to_have_count(len(view["states"]))
    expect(page.locator(".events li")).to_have_count(len(view["events"]))
    words = product.get("/v1/board")["data"]["flags"]
    for flag in view["approx"]:
        expect(page.locator(".notes")).to_contain_text(words[flag]["meaning"])


def test_errors_lead_to_their_views(visitor, product) -> None:
    """Each kind with its count; its link lists the views that were counted."""
    page = visitor.open("/errors")
    groups = product.get("/v1/errors?from=-24h")["data"]["groups"]
    assert groups
    assert sorted(visitor.column("views").values()) == sorted(one["views"] for one in groups)
    first = max(groups, key=lambda one: one["views"])
    page.get_by_role("link", name="Views with").first.click()
    page.wait_for_url("**/views?*")
    visitor.settle()
    asked = parse_qs(urlsplit(page.url).query)
    query = urlencode({"from": asked["from"], "filters": asked["f"], "limit": 50}, doseq=True)
    listed = product.get(f"/v1/views?{query}")["data"]
    again = product.get("/v1/errors?from=-24h")["data"]["groups"]
    # Views that were never ended are still being closed.
    most = next(one["views"] for one in again if one["filters"] == first["filters"])
    assert min(50, first["views"]) <= len(listed) <= min(50, most)
    ids = page.eval_on_selector_all("tbody tr", "all => all.map(one => one.dataset.row)")
    assert ids == [view["view_id"] for view in listed]


def test_live_figures_come_by_themselves(visitor, product) -> None:
    """A viewer who starts is there within seconds; the stream comes back after the API died, and the engine."""
    video = f"live-{time.time_ns()}"
    page = visitor.open(f"/live?minutes=60&f=video_id:eq:{video}")
    # Views that begin are counted: how many watch falls again when they are silent.
    begun = page.locator(".card[data-metric='attempts'] .value")
    expect(begun).to_have_attribute("data-value", "0")
    start(product, video, 1)
    expect(begun).to_have_attribute("data-value", "1")
    watching = page.locator(".card[data-metric='concurrent_viewers'] .value")
    assert watching.get_attribute("data-value") == "1"
    page.evaluate(HEAR)
    for number, role in enumerate(("api", "engine"), 2):
        page.evaluate("window.heard = []")
        product.kill(role)
        start(product, video, number)
        expect(begun).to_have_attribute("data-value", str(number), timeout=2 * PATIENCE_MS)
        expect(page.locator(".pulse.on")).to_be_visible()
        # An engine that is back before the next figures are due was never missed.
        assert role == "engine" or any("reconnecting" in text for text in page.evaluate("window.heard"))
    visitor.complaints.clear()  # the browser's own words about the lost connection


HEAR = """
  window.heard = [];
  const pulse = document.querySelector(".pulse");
  new MutationObserver(() => window.heard.push(pulse.textContent)).observe(pulse, {
    subtree: true, childList: true, characterData: true,
  });
"""
"""Keeps what the light says, however short."""


def test_a_page_that_stays_open_does_not_grow(visitor, product) -> None:
    """Thousands of live events leave the browser's memory where it was."""
    figures = product.get("/v1/live/now")
    body = f"event: live\ndata: {json.dumps(figures)}\n\n" * 300
    served = []

    def serve(route) -> None:
        served.append(1)
        route.fulfill(status=200, headers={"content-type": "text/event-stream"}, body=body)

    visitor.page.route("**/v1/live?*", serve)
    page = visitor.open("/live")
    tools = visitor.context.new_cdp_session(page)
    sizes = []
    for rounds in (8, 24):
        while len(served) < rounds:
            page.wait_for_timeout(200)
        tools.send("HeapProfiler.collectGarbage")
        sizes.append(tools.send("Runtime.getHeapUsage")["usedSize"])
    assert sizes[1] - sizes[0] < 2_000_000


def start(product, video, number) -> None:
    """Somebody begins to watch a video."""
    now = round(time.time() * 1000)
    events = [{"type": "play", "at": now - 3_000}, {"type": "playing", "at": now - 2_000}]
    body = {"view_id": f"{video}-{number}", "context": {"video_id": video}, "events": events}
    assert product.post("/v1/beacons", json.dumps(body).encode()) == 202


def test_a_share_link_shows_one_state_and_nothing_else(browser, visitor, product) -> None:
    """Without signing in: the same numbers, no way to other pages or questions, until it is withdrawn."""
    page = visitor.open("/?f=dialect:eq:mux")
    link = share(page, "for Ann")
    with visiting(browser, product, signed_in=False) as guest:
        guest.page.goto(link)
        guest.page.wait_for_selector(".card")
        guest.settle()
        assert guest.cards() == visitor.cards()
        expect(guest.page.locator(".sharebar")).to_contain_text("for Ann")
        assert guest.page.get_by_role("navigation").count() == 0
        guest.panel("Player name")
        assert guest.page.locator(".notice").count() == 0
        secret = link.partition("#")[2]
        for path, status in (("/v1/views", 403), ("/v1/query?metrics=attempts", 403), ("/v1/metrics", 200)):
            answer = guest.context.request.get(
                guest.origin + path, headers={"Authorization": f"Share {secret}"}
            )
            assert answer.status == status
        assert guest.complaints == []
        visitor.open("/shares")
        page.get_by_role("button", name="Withdraw").first.click()
        expect(page.get_by_text("over", exact=True).first).to_be_visible()
        guest.page.reload()
        expect(guest.page.get_by_role("alert")).to_contain_text("expired or was withdrawn")


def share(page, label) -> str:
    """A link to what is on the screen."""
    page.get_by_role("button", name="Share this view").click()
    page.get_by_label("For whom or what").fill(label)
    page.get_by_role("button", name="Make link").click()
    return page.locator("[data-share]").input_value()


def test_a_share_link_lasts_while_its_range_grows(browser, visitor, product) -> None:
    """An open end: hours become days, and the link still shows them."""
    begin = datetime.now(UTC) - timedelta(days=4)
    visitor.open(f"/?from={begin:%Y-%m-%dT%H:%M:00Z}")
    link = share(visitor.page, "for Ben")
    with visiting(browser, product, signed_in=False) as guest:
        guest.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=3))
        with guest.page.expect_request("**/v1/query?*granularity=day*"):
            guest.page.goto(link)
        guest.page.wait_for_selector(".chart canvas")
        guest.settle()
        assert guest.page.locator(".notice").count() == 0
        assert guest.complaints == []


def test_a_list_of_views_is_shared_from_its_first_page(browser, visitor, product) -> None:
    """Whichever page was on the screen: a link holds no more."""
    page = visitor.open("/views")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Page 2")).to_be_visible()
    visitor.settle()
    link = share(page, "for Cem")
    with visiting(browser, product, signed_in=False) as guest:
        guest.page.goto(link)
        expect(guest.page.locator("tbody tr")).to_have_count(50)
        assert guest.complaints == []


def test_an_alert_is_written_and_tried(visitor, product) -> None:
    """In people's units, with the filters that one comes with; what is refused is told."""
    page = visitor.open("/alerts?f=started:eq:true")
    page.get_by_role("link", name="New alert").click()
    form = page.locator("form.ruleform")

    def field(name):
        return form.get_by_label(re.compile(f"^{name}"))

    field("Name").fill("Slow on a device")
    field("Metric").select_option("video_startup_time")
    field("Measurement").select_option("p95")
    field("Over the last").select_option("360")
    field("For each").select_option("device_type")
    form.get_by_role("button", name="Make alert").click()
    expect(form.get_by_role("alert")).to_contain_text("above or below")
    field("Above").fill("0,001")
    field("With at least").fill("1")
    form.get_by_role("button", name="How is it now?").click()
    asked = "metrics=video_startup_time.p95,attempts&group_by=device_type&from=-6h&filters=started:eq:true"
    slow = [
        row for row in product.get(f"/v1/query?{asked}")["data"] if (row["video_startup_time.p95"] or 0) > 1
    ]
    expect(form.locator("[data-preview]")).to_have_attribute("data-preview", str(len(slow)))
    form.get_by_role("button", name="Add a receiver").click()
    field("Address of the receiver").fill("nowhere")
    form.get_by_role("button", name="Make alert").click()
    expect(form.get_by_role("alert")).to_contain_text("nowhere")
    form.get_by_role("button", name="Remove the receiver").click()
    field("Paused").check()
    form.get_by_role("button", name="Make alert").click()
    expect(form).to_have_count(0)
    (made,) = product.get("/v1/alerts")["data"]
    rule = made["rule"]
    assert (rule["metric"], rule["above"], rule["min_attempts"]) == ("video_startup_time.p95", 1.0, 1)
    assert (rule["group_by"], rule["filters"]) == (["device_type"], ["started:eq:true"])
    page.get_by_role("link", name="Slow on a device").click()
    expect(field("Above")).to_have_value("0.001")
    page.goto(f"{visitor.origin}/alerts?alert={made['id']}")
    field("Severity").select_option("critical")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    (changed,) = product.get("/v1/alerts")["data"]
    assert changed["rule"] == {**rule, "severity": "critical"}
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete Slow on a device").click()
    expect(page.get_by_text("No alerts yet")).to_be_visible()
    assert product.get("/v1/alerts")["data"] == []
    visitor.complaints.clear()  # the browser's own words about what was refused


def test_an_incident_and_who_was_told_of_it(visitor, product) -> None:
    """Found by the running product, delivered by it, and seen with its way to the numbers."""
    with receiving() as receiver:
        rule = {
            "name": "There are views",
            "note": "Be glad",
            "metric": "attempts",
            "above": 0,
            "window_minutes": 1440,
            "group_by": ["country"],
            "notify": [{"kind": "webhook", "to": receiver.url()}],
        }
        made = product.ask("POST", "/v1/alerts", rule)["data"]
        told = receiver.until(1, seconds=120)[0].json["data"]
        page = visitor.open("/alerts")
        row = page.locator(f"tr[data-row='{told['id']}']")
        expect(row).to_contain_text("There are views")
        row.get_by_role("link").click()
        expect(page.locator("[data-open-incidents]")).to_be_visible()
        incident = visitor.panel("One incident")
        expect(incident).to_contain_text("Be glad")
        expect(incident).to_contain_text("delivered")
        expect(incident).to_contain_text(receiver.url())
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text(f"{receiver.url()}: delivered")).to_be_visible()
        incident.get_by_role("link", name="Its views").click()
        expect(page.locator("tbody tr").first).to_be_visible()
        assert f"country:eq:{told['group']['country']}" in page.url.replace("%3A", ":")
        product.ask("DELETE", f"/v1/alerts/{made['id']}")
        page = visitor.open(f"/alerts?incident={told['id']}")
        expect(visitor.panel("One incident")).to_contain_text("its alert was deleted")
        expect(page.locator("[data-open-incidents]")).to_have_count(0)


def test_the_set_up_page_turns_green(visitor, product) -> None:
    """Each dialect has its light and snippet; what was refused is told with its reason."""
    page = visitor.open("/setup")
    lights = page.locator("[data-dialect] [data-light]")
    expect(lights).to_have_count(len(product.get("/v1/setup")["data"]["dialects"]))
    assert set(lights.evaluate_all("all => all.map(one => one.dataset.light)")) == {"green"}
    expect(page.locator("pre.snippet")).to_contain_text(product.collector.rpartition(":")[2])
    assert product.post("/v1/beacons", b"{nonsense") == 400
    expect(page.locator(".trouble")).to_contain_text("unreadable")


def test_a_chart_can_be_taken_along(visitor, product) -> None:
    """As CSV, the API's own, and as the call that made it."""
    page = visitor.open("/breakdown?by=cdn&m=attempts")
    page.get_by_role("button", name="Export and more").click()
    command = page.locator(".call").inner_text()
    assert command.startswith('curl -H "Authorization: Bearer $TOKEN"')
    url = command.split("'")[1]
    assert url.startswith(visitor.origin)
    answered = product.get(url.removeprefix(visitor.origin))["data"]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
    assert [int(row["attempts"]) for row in rows] == [row["attempts"] for row in answered]


def test_definitions_are_told_on_hover_and_focus(visitor, product) -> None:
    """The catalogue's own words, with its formula."""
    page = visitor.open("/")
    name = page.locator(".card[data-metric='rebuffer_percentage'] .defined")
    metric = next(one for one in product.get("/v1/metrics")["data"] if one["id"] == "rebuffer_percentage")
    tip = name.get_by_role("tooltip")
    expect(tip).to_be_hidden()
    name.focus()
    expect(tip).to_contain_text(metric["formula"])
    name.blur()
    name.hover()
    expect(tip).to_contain_text(metric["description"])


@pytest.mark.parametrize(("status", "words"), [(500, "cannot answer now"), (403, "Not for you to see")])
def test_what_cannot_be_shown_is_told(visitor, status, words) -> None:
    """No answer and not allowed have their own words; where it helps, one can try again."""
    body = json.dumps({"error": {"code": "x", "message": "so it is", "detail": {}}})
    visitor.page.route("**/v1/errors*", lambda route: route.fulfill(status=status, body=body))
    page = visitor.open("/errors")
    expect(page.get_by_text(words)).to_be_visible()
    if status == 500:
        page.unroute("**/v1/errors*")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("[data-errors]")).to_be_visible()
    visitor.complaints.clear()  # the browser's own words about the status


def test_nothing_there_is_told(visitor) -> None:
    """A range without views says so, and filters can be taken away where there are some."""
    page = visitor.open("/errors?from=2020-01-01&to=2020-01-02")
    expect(page.get_by_text("No errors")).to_be_visible()
    page = visitor.open("/breakdown?f=video_id:eq:nothing")
    page.get_by_role("button", name="Clear filters").first.click()
    expect(page.locator("tbody tr").first).to_be_visible()


def test_the_first_load_is_small(visitor) -> None:
    """All script of the overview, as it comes over the wire."""
    sizes = []
    visitor.page.on(
        "response",
        lambda answer: (
            sizes.append(int(answer.headers["content-length"]))
            if answer.request.resource_type == "script"
            else None
        ),
    )
    page = visitor.open("/")
    page.wait_for_selector(".chart canvas")
    print(f"script of the first load: {sum(sizes)} bytes in {len(sizes)} files")
    assert 50_000 < sum(sizes) < SCRIPT_BYTES


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_usable_by_all(browser, product, theme, size) -> None:
    """At three widths and in both themes: axe finds nothing serious, nothing sticks out, nothing complains."""
    axe = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text()
    with visiting(browser, product, size=size, color_scheme=theme) as somebody:
        view = some_view(product)
        video = f"/video?by=video_id&id={quote(str(view['video_id']))}"
        for path in (*PAGES, video, f"/view?id={view['view_id']}"):
            page = somebody.open(path)
            assert page.evaluate("document.documentElement.dataset.theme") == theme
            page.evaluate(axe)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            serious = [
                (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
                for one in found
                if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], path
        assert somebody.complaints == []
