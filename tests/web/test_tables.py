"""kubectl's tables in the browser: order, filters, links; what belongs to an object; what is not well."""

from __future__ import annotations

from playwright.sync_api import Page, expect

CRASHLOOP = "/object?key=/registry/pods/shop/crashloop"


def test_a_head_orders_the_rows_and_the_other_way_round(page: Page) -> None:
    page.goto("/registry?resource=pods&namespace=shop")
    page.get_by_role("link", name="Restarts").click()
    page.wait_for_url("**sort=restarts**")
    expect(page.get_by_role("columnheader", name="Restarts")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("link", name="Restarts").click()
    expect(page.get_by_role("columnheader", name="Restarts")).to_have_attribute("aria-sort", "descending")

    expect(page.locator("#objects tbody tr").first).to_contain_text("12 (")


def test_the_head_and_the_names_of_a_long_table_stay_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 600})
    page.goto("/registry?resource=pods&wide=1")
    page.locator("#objects .table-frame").evaluate("frame => frame.scrollTo(200, 300)")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")

    expect(page.locator("#objects").get_by_role("columnheader", name="Status")).to_be_in_viewport(ratio=1)
    expect(page.locator("#objects").get_by_role("columnheader", name="Name", exact=True)).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="signalled", exact=True).focus()
    page.keyboard.press("k")
    head, row = (page.locator(f"#objects {part}").bounding_box() for part in ("thead th.first", ".row-current"))
    assert head is not None
    assert row is not None
    assert head["y"] + head["height"] <= row["y"] + 1


def test_a_row_under_the_pointer_does_not_look_like_one_that_failed(page: Page) -> None:
    page.goto("/registry?resource=pods&namespace=shop")
    row = page.locator("#objects tbody tr").first
    row.hover()
    colours = "e => [...e.children].map(c => getComputedStyle(c).backgroundColor)"
    accent = "rgb(227, 239, 248)"

    assert set(row.evaluate(colours)) == {accent}


def test_a_pod_that_runs_and_is_not_ready_is_marked(page: Page) -> None:
    page.goto("/registry?resource=pods&namespace=shop")

    expect(page.get_by_role("row", name="cart-c86d8d456-vlv2c")).to_contain_text("Running · not ready")
    expect(page.get_by_role("row", name="cart-c86d8d456-m99c6")).not_to_contain_text("not ready")


def test_what_a_table_says_of_a_pod_is_in_sight_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 860})
    page.goto("/registry?resource=pods&namespace=shop")

    status = page.get_by_role("row", name="imagepull").get_by_text("ImagePullBackOff").bounding_box()
    assert status is not None
    assert status["x"] + status["width"] <= 400


def test_filters_by_words_and_labels_say_what_they_looked_into(page: Page) -> None:
    page.goto("/registry?resource=pods")
    page.get_by_label("Words").fill("crashloopbackoff")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#objects tbody tr")).to_have_count(2)
    expect(page.locator("#objects")).to_contain_text("Checked all 40 objects")

    page.goto("/registry?resource=pods&labels=app%3Dcart")
    expect(page.locator("#objects tbody tr")).to_have_count(3)


def test_the_list_follows_what_one_types_and_the_caret_stays(page: Page) -> None:
    page.goto("/registry?resource=pods&wide=1")
    page.get_by_label("Words").press_sequentially("crash")
    expect(page.locator("#objects tbody tr")).to_have_count(2)
    expect(page).to_have_url("/registry?resource=pods&wide=1&q=crash")
    page.keyboard.type("es")

    expect(page.get_by_label("Words")).to_have_value("crashes")
    expect(page.locator("#objects")).to_contain_text("No pods that match")


def test_columns_are_chosen_by_boxes_and_nodes_give_way_to_details(page: Page) -> None:
    page.goto("/registry?resource=pods&namespace=shop")
    heads = page.locator("#objects").get_by_role("columnheader")
    expect(heads.get_by_text("Node")).to_be_visible()
    page.get_by_role("link", name="Details of crashloop", exact=True).click()
    expect(heads.get_by_text("Node")).to_be_hidden()

    page.locator("#columns summary").click()
    for name, on in (("Restarts", False), ("IP", True)):
        page.locator("#columns").get_by_label(name, exact=True).set_checked(on)
    page.get_by_role("button", name="Show these").click()
    chosen = "&".join(f"columns={name}" for name in ("name", "ready", "status", "age", "ip", "node"))
    expect(page).to_have_url(f"/registry?resource=pods&namespace=shop&{chosen}")
    expect(heads).to_have_text(["Name", "Ready", "Status", "Age", "IP", "Node"])


def test_a_node_named_in_a_wide_table_leads_to_the_node(page: Page) -> None:
    page.goto("/registry?resource=pods&namespace=shop&wide=1")
    page.locator("#objects").get_by_role("link", name="lost-node", exact=True).first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("lost-node")


def test_the_summary_leads_to_what_belongs_to_the_object(page: Page) -> None:
    page.goto("/object?key=/registry/deployments/shop/cart")
    owners = page.locator(".owners")
    expect(owners).to_contain_text("Deployment cart")
    owners.get_by_role("link").first.click()
    expect(page.locator(".owners strong")).to_contain_text("ReplicaSet cart-")
    page.locator(".owners").get_by_role("link", name="Pod").first.click()
    expect(page.locator("#value")).to_contain_text("runs on")


def test_events_about_an_object_are_told_with_it(page: Page) -> None:
    page.goto("/object?key=/registry/deployments/shop/cart")

    expect(page.get_by_role("region", name="Events")).to_contain_text("ScalingReplicaSet")


def test_managed_fields_are_folded_until_asked_for(page: Page) -> None:
    page.goto(f"{CRASHLOOP}&view=yaml")
    expect(page.locator("#value-text")).not_to_contain_text("managedFields")
    page.get_by_role("switch", name="managed fields").click()
    expect(page.locator("#value-text")).to_contain_text("managedFields")


def test_a_namespace_tells_what_is_not_well_with_its_evidence(page: Page) -> None:
    page.goto("/")
    page.locator("#not-well").get_by_role("link", name="payments").click()
    claims = page.locator(".finding", has_text="claims without a volume")
    claims.locator("summary", has_text="evidence").click()

    expect(claims.locator(".evidence li")).to_have_count(3)


def test_all_evidence_can_be_seen(page: Page) -> None:
    page.goto("/namespaces?namespace=shop")
    pods = page.locator(".finding", has_text="12 pods not ready")
    pods.locator("summary", has_text="evidence").click()
    pods.locator("summary", has_text="and 2 more").click()

    expect(pods.locator(".evidence a").last).to_be_visible()
    expect(pods.locator(".evidence a")).to_have_count(12)


def test_a_pod_says_why_it_is_not_well_before_all_else(page: Page) -> None:
    page.goto(CRASHLOOP)

    expect(page.locator(".summary-part").first).to_contain_text("CrashLoopBackOff")
    expect(page.locator(".summary-part").first).to_contain_text("exit code 2")
    expect(page.get_by_role("heading", name="Events")).to_have_count(0)


def test_a_config_map_shows_what_it_holds(page: Page) -> None:
    page.goto("/object?key=/registry/configmaps/shop/app-config")

    expect(page.locator(".summary-texts")).to_contain_text("mode=live")


def test_the_stored_state_is_looked_through(page: Page) -> None:
    page.goto("/storage")

    expect(page.get_by_role("main")).to_contain_text("Checked 442 of 442 objects")
    expect(page.get_by_role("main")).to_contain_text("stuck in deletion")


def test_custom_resources_have_the_columns_of_their_crd(page: Page) -> None:
    page.goto("/registry?resource=backups.example.org")

    for name in ("Schedule", "Replicas", "Ratio", "Ready", "Last Run"):
        expect(page.get_by_role("columnheader", name=name)).to_be_visible()
