"""A list that one works in: it follows what one types into its filters, and has pages of a size that one chooses."""

from __future__ import annotations

from flask.testing import FlaskClient

TYPED = {"HX-Request": "true", "HX-Target": "objects", "HX-Trigger": "filters"}
PART = {"HX-Request": "true", "HX-Target": "objects"}


def test_what_one_types_brings_the_list_alone_and_its_address(client: FlaskClient) -> None:
    answer = client.get("/registry?resource=pods&wide=1&q=crash&labels=&state=&cursor=", headers=TYPED)

    assert answer.headers["HX-Replace-Url"] == "/registry?resource=pods&wide=1&q=crash"
    assert "<html" not in answer.text
    assert "init-crash" in answer.text


def test_the_form_is_kept_where_one_types_and_made_anew_by_every_other_way_to_a_list(client: FlaskClient) -> None:
    boosted = {"HX-Request": "true", "HX-Boosted": "true"}
    kept = [
        "hx-preserve" in client.get("/registry?resource=pods", headers=headers).text.split('id="filters"')[1][:400]
        for headers in (TYPED, PART, boosted, {})
    ]

    assert kept == [True, True, False, False]


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
