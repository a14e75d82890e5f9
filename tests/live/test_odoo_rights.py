"""Each operation works for a user who has its declared rights and no others, and says which right lacks."""

from __future__ import annotations

import pytest

from crossdock.connectors.odoo import Odoo
from crossdock.core.errors import RejectedError
from crossdock.kit import Receipt

pytestmark = pytest.mark.live

PASSWORD = "only-for-this-test"


async def user_with(odoo, groups):
    """A worker for a new user with exactly `groups`, by login and password over JSON-RPC."""
    admin, login = odoo.person(), odoo.key("user")
    ids = []
    for name in groups:
        module, _, bare = name.partition(".")
        found = await admin.call("ir.model.data", "check_object_reference", module=module, xml_id=bare)
        ids.append(int(found[1]))
    vals = {
        "name": login,
        "login": login,
        "password": PASSWORD,
        "group_ids": [[6, 0, ids]],
        "company_ids": [[6, 0, [1]]],
    }
    await admin.call("res.users", "create", vals_list=[{**vals, "company_id": 1}])
    return odoo.connect(key=PASSWORD, login=login, transport="jsonrpc")


async def sample(odoo, operation):
    """A good delivery of `operation`; what it needs was made by the usual service user."""
    if operation == "party.upsert":
        return odoo.delivery(
            operation, {"name": "R", "ref": odoo.key("R"), "country_code": "US"}, kind="party"
        )
    if operation == "product.upsert":
        return odoo.delivery(operation, {"default_code": odoo.key("R"), "list_price": "1"}, kind="product")
    if operation in {"sales_order.create", "sales_order.place"}:
        return odoo.delivery(operation, await odoo.order_payload(2), kind="sales_order")
    if operation == "sales_order.confirm":
        made = await odoo.write(odoo.delivery("sales_order.create", await odoo.order_payload(2)))
        return odoo.delivery(operation, {"order_id": made.external_id})
    if operation == "inventory.count":
        return odoo.delivery(
            operation, {"product_id": await odoo.product(), "warehouse_id": 1, "quantity": "7"}
        )
    if operation.startswith(("purchase_order", "receipt")):
        return await purchase_sample(odoo, operation)
    order_id, lines, placing = await odoo.confirmed_order(4)
    line = {"line_id": lines[0], "quantity": "2"}
    if operation == "sales_order.amend":
        payload = {
            "order_id": order_id,
            "lines": [{"key": "1", "quantity": "3"}, {**placing.payload["lines"][0], "key": "9"}],
        }
        return odoo.delivery(operation, payload, object_key=placing.object_key)
    if operation == "sales_order.cancel":
        return odoo.delivery(operation, {"order_id": order_id})
    if operation == "delivery.validate":
        return odoo.shipment(order_id, {lines[0]: 2})
    await odoo.bring_home(odoo.shipment(order_id, {lines[0]: 4}))
    if operation == "return.create":
        return odoo.delivery(
            operation, {"order_id": order_id, "validate": True, "lines": [line]}, kind="return"
        )
    invoicing = odoo.delivery("invoice.create", {"order_id": order_id}, kind="invoice")
    if operation == "invoice.create":
        return invoicing
    invoice = await odoo.bring_home(invoicing)
    if operation == "credit_note.create":
        return odoo.delivery(operation, {"invoice_id": invoice.external_id, "lines": [line]})
    assert operation == "payment.create"
    return odoo.delivery(operation, {"invoice_id": invoice.external_id, "amount": "5"})


async def purchase_sample(odoo, operation):
    line = {"key": "1", "product_id": await odoo.product(), "quantity": "4", "price_unit": "2"}
    creating = odoo.delivery("purchase_order.create", {"partner_id": await odoo.customer(), "lines": [line]})
    if operation == "purchase_order.create":
        return creating
    made = await odoo.bring_home(creating)
    confirming = odoo.delivery("purchase_order.confirm", {"order_id": made.external_id})
    if operation == "purchase_order.confirm":
        return confirming
    await odoo.bring_home(confirming)
    lines = [{"line_id": made.xrefs[0].external_id, "quantity": "2"}]
    return odoo.delivery("receipt.validate", {"order_id": made.external_id, "lines": lines}, kind="receipt")


@pytest.mark.parametrize("operation", sorted(Odoo.verbs.writes))
async def test_the_declared_rights_are_enough_and_none_of_them_too_much(odoo, operation):
    rights = Odoo.verbs.writes[operation].rights
    for left_out in rights[1:]:
        poor = await user_with(odoo, [right for right in rights if right != left_out])
        result = await odoo.write(await sample(odoo, operation), poor)
        assert isinstance(result, RejectedError), f"{operation} does without {left_out}: {result}"
        assert result.code == "T-ODOO-ACCESS", f"{operation} without {left_out}: {result}"
    worker = await user_with(odoo, rights)
    delivery = await sample(odoo, operation)
    result = await odoo.write(delivery, worker)
    assert isinstance(result, Receipt), f"{operation} with {rights}: {result}"
    assert (await worker.look_up(delivery)).state == "done"
