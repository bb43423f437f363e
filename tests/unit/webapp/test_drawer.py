"""Details beside a list: at an address of its own, as a part for htmx, and for those who may see the object alone."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient

LIST = "/registry?resource=pods&namespace=shop"
OPEN = f"{LIST}&key=/registry/pods/shop/crashloop"
PART = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "drawer"}
WHY = "Running, but not ready (1 of 2 containers)"


def test_a_list_shows_the_details_that_its_address_names(client: FlaskClient) -> None:
    page = client.get(OPEN).text

    assert 'id="objects"' in page
    assert WHY in page.split('id="drawer"')[1]
    assert 'class=" row-current"' in page


def test_htmx_gets_the_details_alone(client: FlaskClient) -> None:
    part = client.get(OPEN, headers=PART).text

    assert WHY in part
    assert 'id="objects"' not in part
    assert f'href="{LIST.replace("&", "&amp;")}" data-drawer-close' in part


def test_going_back_to_the_address_gets_the_whole_page(client: FlaskClient) -> None:
    page = client.get(OPEN, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).text

    assert 'id="objects"' in page
    assert WHY in page


def test_each_row_leads_to_its_details_and_the_page_of_the_list_stays(client: FlaskClient) -> None:
    page = client.get("/registry?resource=pods&limit=5&sort=age").text
    links = [unescape(link) for link in re.findall(r'class="peek" href="([^"]*)"', page)]

    assert len(links) == 5
    assert all(link.startswith("/registry?resource=pods&sort=age&limit=5&key=/registry/pods/") for link in links)


def test_a_list_goes_on_beside_details_that_do_not_exist(client: FlaskClient) -> None:
    answer = client.get(f"{LIST}&key=/registry/pods/shop/nobody")

    assert answer.status_code == 200
    assert 'id="objects"' in answer.text
    assert "does not exist" in answer.text.split('id="drawer"')[1]


def test_the_values_of_a_secret_are_masked_in_its_details(client: FlaskClient) -> None:
    key = "/registry/secrets/payments/db-credentials"
    beside = client.get(f"/registry?resource=secrets&key={key}").text.split('id="drawer"')[1]

    assert "••• 28 bytes · fingerprint" in beside


def test_an_invalid_key_is_refused(client: FlaskClient) -> None:
    assert client.get(f"{LIST}&key64=!").status_code == 400
