"""A list that one works in: it follows what one types into its filters, and has pages of a size that one chooses."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

TYPED = {"HX-Request": "true", "HX-Target": "objects", "HX-Trigger": "filters"}
PART = {"HX-Request": "true", "HX-Target": "objects"}


def test_what_one_types_brings_the_list_alone_and_its_address(client: FlaskClient) -> None:
    answer = client.get("/registry?resource=pods&wide=1&q=crash&labels=&state=&cursor=", headers=TYPED)

    assert answer.headers["HX-Replace-Url"] == "/registry?resource=pods&wide=1&q=crash"
    assert "<html" not in answer.text
    assert 'id="objects"' in answer.text


def test_the_form_is_kept_where_one_types_and_made_anew_by_every_other_way_to_a_list(client: FlaskClient) -> None:
    boosted = {"HX-Request": "true", "HX-Boosted": "true"}
    kept = [
        "hx-preserve" in client.get("/registry?resource=pods", headers=headers).text.split('id="filters"')[1][:400]
        for headers in (TYPED, PART, boosted, {})
    ]

    assert kept == [True, True, False, False]


def test_a_status_that_narrows_the_list_beside_words_is_shown_and_can_be_taken_away(client: FlaskClient) -> None:
    page = client.get("/registry?resource=pods&q=c&status=CrashLoopBackOff").text

    assert "status: CrashLoopBackOff" in page
    assert re.search(r'chip-remove" href="/registry\?resource=pods&amp;q=c"', page)


def test_a_selector_that_cannot_be_read_keeps_its_address_and_says_why(client: FlaskClient) -> None:
    answer = client.get("/registry?resource=pods&labels=a%20b%20c", headers=TYPED)

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert answer.headers["HX-Replace-Url"].endswith("labels=a%20b%20c")


def test_a_page_says_which_rows_it_shows_and_offers_sizes(client: FlaskClient) -> None:
    page = client.get("/registry?resource=events&limit=10").text

    assert "1\u201310 of " in page
    assert 'rel="next"' in page
    assert "limit=500" in page
    assert '<input type="hidden" name="limit" value="10">' in page


def test_a_page_size_that_is_not_allowed_says_which_are(client: FlaskClient) -> None:
    for size in ("0", "501", "-1", "many", "1e9"):
        answer = client.get(f"/registry?resource=pods&limit={size}")

        assert answer.status_code == 400
        assert "from 1 to 500" in answer.text


def test_boxes_of_a_form_choose_columns_and_files_have_the_same(client: FlaskClient) -> None:
    boxes = "/registry?resource=pods&columns=ready&columns=node&namespace=shop"
    page = client.get(boxes).text
    csv = client.get(f"{boxes}&format=csv").text
    api = client.get(f"{boxes}&format=json", follow_redirects=True).get_json()

    assert 'value="ready,node"' in page
    assert csv.splitlines()[0] == "Name,Ready,Node"
    assert [column["name"] for column in api["columns"]] == ["Name", "Ready", "Node"]
    assert all(len(row["cells"]) == 3 for row in api["rows"])


def test_files_and_the_api_have_kubectls_columns_where_a_page_has_more(client: FlaskClient) -> None:
    listed = "/registry?resource=pods&namespace=shop"
    api = client.get(f"{listed}&format=json", follow_redirects=True).get_json()

    assert 'class="roomy"' in client.get(listed).text
    assert client.get(f"{listed}&format=csv").text.splitlines()[0] == "Name,Ready,Status,Restarts,Age"
    assert [column["name"] for column in api["columns"]] == ["Name", "Ready", "Status", "Restarts", "Age"]


def test_an_order_by_a_column_that_is_not_shown_is_the_same_in_files(client: FlaskClient) -> None:
    listed = "/registry?resource=pods&namespace=shop&sort=node"
    csv = [line.split(",")[0] for line in client.get(f"{listed}&format=csv").text.splitlines()[1:]]
    api = client.get(f"{listed}&format=json", follow_redirects=True).get_json()

    assert csv == [row["name"] for row in api["rows"]]
    assert csv != sorted(csv)


def test_invalid_columns_are_an_error_everywhere(client: FlaskClient) -> None:
    for address in ("/registry?", "/registry?format=csv&", "/api/v1/table?", "/export?as=list&"):
        assert client.get(f"{address}resource=pods&columns=colour").status_code == 400
        assert client.get(f"{address}resource=pods&columns={'x' * 2001}").status_code == 400


def test_with_no_other_box_checked_the_form_asks_for_the_first_column_alone(client: FlaskClient) -> None:
    form = client.get("/registry?resource=pods").text.partition('columns-form"')[2].partition("</form>")[0]
    sent = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    assert sent == [("resource", "pods"), ("columns", "name")]

    page = client.get("/registry", query_string=sent).text
    heads = re.findall(r'<th scope="col".*?</th>', page, re.DOTALL)
    assert [re.sub(r"<[^>]*>", "", head).split() for head in heads] == [["Namespace"], ["Name"]]
