"""What conformance asks of the simulated Odoo: good and bad deliveries, records to read, a hint."""

from __future__ import annotations

import functools

from crossdock.connectors.odoo.simulator import OdooSimulator
from crossdock.kit import Delivery, HookRequest, HookSample, Secret, WriteSample

HOOK_SECRET = Secret("hint-secret-of-the-tests")
GONE = 99_999_999


def delivery(operation, key, payload, *, kind="", object_key=""):
    kind = kind or operation.split(".")[0]
    return Delivery(
        operation=operation,
        payload=payload,
        effect_key=f"odoo|1|{kind}:{object_key or key}|{operation}|{key}",
        ordering_key=f"odoo|1|{kind}:{object_key or key}",
        company="1",
        object_kind=kind,
        object_key=object_key or key,
        document_kind=kind,
        document_key=key,
    )


class SampledOdoo(OdooSimulator):
    """The simulator, and what stands in it before a check."""

    number = 0

    def settings(self):
        return {**super().settings(), "hook_secret": HOOK_SECRET, "overlap_s": 0}

    def rows(self, model, **wanted):
        table = self.env(2).table(model).rows.values()
        return [row for row in table if all(row.get(name) == value for name, value in wanted.items())]

    def fresh(self, prefix):
        self.number += 1
        return f"{prefix}-{self.number}"

    async def make(self, model, **vals):
        return (await self.act(model, "create", vals_list=[vals]))[0]

    @functools.cached_property
    def stock_location(self):
        return self.rows("stock.warehouse")[0]["lot_stock_id"]

    async def customer(self):
        return await self.make("res.partner", name=self.fresh("Customer"))

    async def product(self, stock=100):
        sku = self.fresh("SKU")
        product_id = await self.make(
            "product.product",
            name=sku,
            default_code=sku,
            type="consu",
            is_storable=True,
            invoice_policy="delivery",
        )
        if stock:
            quant = {
                "product_id": product_id,
                "location_id": self.stock_location,
                "inventory_quantity_auto_apply": stock,
            }
            await self.act("stock.quant", "create", vals_list=[quant], context={"inventory_mode": True})
        return product_id

    async def order(self, *, confirmed=True, delivered=False):
        """(order id, line id)"""
        line = {"product_id": await self.product(), "product_uom_qty": 5, "price_unit": 10}
        order_id = await self.make("sale.order", partner_id=await self.customer(), order_line=[[0, 0, line]])
        if confirmed:
            await self.act("sale.order", "action_confirm", [order_id])
        row = self.rows("sale.order", id=order_id)[0]
        line_id = self.rows("sale.order.line", order_id=order_id)[0]["id"]
        if delivered:
            picking = self.pickings(order_id)[0]["id"]
            context = {"skip_sms": True, "skip_backorder": True}
            await self.act("stock.picking", "button_validate", [picking], context=context)
        return row["id"], line_id

    async def invoice(self):
        order_id, line_id = await self.order(delivered=True)
        context = {"active_model": "sale.order", "active_ids": [order_id], "active_id": order_id}
        vals = {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [order_id]]]}
        made = await self.act("sale.advance.payment.inv", "create", vals_list=[vals], context=context)
        before = {row["id"] for row in self.rows("account.move")}
        await self.act("sale.advance.payment.inv", "create_invoices", made, context=context)
        (move_id,) = {row["id"] for row in self.rows("account.move")} - before
        await self.act("account.move", "action_post", [move_id])
        return move_id, line_id

    def pickings(self, order_id):
        return [row for row in self.rows("stock.picking") if row.get("sale_id") == order_id]

    def write_samples(self):
        return {
            "party.upsert": self.sample_party,
            "product.upsert": self.sample_product,
            "sales_order.create": functools.partial(self.sample_order, "sales_order.create"),
            "sales_order.place": functools.partial(self.sample_order, "sales_order.place"),
            "sales_order.confirm": self.sample_confirm,
            "sales_order.amend": self.sample_amend,
            "sales_order.cancel": self.sample_cancel,
            "delivery.validate": self.sample_shipment,
            "receipt.validate": self.sample_receipt,
            "return.create": self.sample_return,
            "invoice.create": self.sample_invoice,
            "credit_note.create": self.sample_credit_note,
            "payment.create": self.sample_payment,
            "purchase_order.create": self.sample_purchase,
            "purchase_order.confirm": self.sample_purchase_confirm,
            "inventory.count": self.sample_count,
        }

    def pair(self, operation, prefix, good, bad, effects, **more):
        key = self.fresh(prefix)
        return WriteSample(
            delivery(operation, key, good, **more), effects, rejected=delivery(operation, key, bad, **more)
        )

    async def sample_party(self, _):
        ref = self.fresh("P")
        good = {"name": "Acme", "ref": ref, "country_code": "US", "is_company": True}
        return self.pair(
            "party.upsert",
            "P",
            good,
            {**good, "country_code": "XX"},
            lambda: len(self.rows("res.partner", ref=ref)),
        )

    async def sample_product(self, _):
        sku = self.fresh("SKU")
        good = {
            "default_code": sku,
            "name": "Bolt",
            "type": "consu",
            "is_storable": True,
            "list_price": "1.25",
        }
        return self.pair(
            "product.upsert",
            "S",
            good,
            {**good, "type": "nonsense"},
            lambda: len(self.rows("product.product", default_code=sku)),
        )

    async def sample_order(self, operation, _):
        ref, state = self.fresh("REF"), "draft" if operation.endswith("create") else "sale"
        line = {"key": "1", "product_id": await self.product(), "quantity": "2", "price_unit": "10"}
        good = {
            "partner_id": await self.customer(),
            "client_order_ref": ref,
            "lines": [line, {**line, "key": "2"}],
        }
        bad = {**good, "lines": [{**line, "product_id": GONE}]}
        return self.pair(
            operation, "O", good, bad, lambda: len(self.rows("sale.order", client_order_ref=ref, state=state))
        )

    async def sample_confirm(self, _):
        order_id, _ = await self.order(confirmed=False)
        return self.pair(
            "sales_order.confirm",
            "C",
            {"order_id": order_id},
            {"order_id": GONE},
            lambda: len(self.pickings(order_id)),
        )

    async def sample_amend(self, _):
        order_id, line_id = await self.order()
        product_id = await self.product()
        add = {"key": "new", "product_id": product_id, "quantity": "1", "price_unit": "3"}
        good = {"order_id": order_id, "lines": [{"key": "1", "line_id": line_id, "quantity": "7"}, add]}
        bad = {"order_id": order_id, "lines": [{"key": "1", "line_id": GONE, "quantity": "7"}]}
        return self.pair(
            "sales_order.amend",
            "A",
            good,
            bad,
            lambda: len(self.rows("sale.order.line", order_id=order_id, product_id=product_id)),
        )

    async def sample_cancel(self, _):
        order_id, _ = await self.order()
        return self.pair(
            "sales_order.cancel",
            "X",
            {"order_id": order_id},
            {"order_id": GONE},
            lambda: len(self.rows("sale.order", id=order_id, state="cancel")),
        )

    async def sample_shipment(self, _):
        order_id, line_id = await self.order()
        good = {
            "order_id": order_id,
            "tracking": self.fresh("T"),
            "lines": [{"line_id": line_id, "quantity": "2"}],
        }
        bad = {**good, "lines": [{"line_id": line_id, "quantity": "9"}]}
        return self.pair(
            "delivery.validate",
            "SH",
            good,
            bad,
            lambda: sum(row["state"] == "done" for row in self.pickings(order_id)),
            kind="shipment",
        )

    async def sample_receipt(self, _):
        order_id, line_id = await self.purchase(confirmed=True)
        good = {"order_id": order_id, "lines": [{"line_id": line_id, "quantity": "2"}]}
        bad = {**good, "lines": [{"line_id": GONE, "quantity": "2"}]}
        moves = lambda: self.rows("stock.move", purchase_line_id=line_id, state="done")  # noqa: E731
        return self.pair("receipt.validate", "R", good, bad, lambda: len(moves()))

    async def sample_return(self, _):
        order_id, line_id = await self.order(delivered=True)
        good = {"order_id": order_id, "validate": True, "lines": [{"line_id": line_id, "quantity": "2"}]}
        bad = {**good, "lines": [{"line_id": line_id, "quantity": "99"}]}
        return self.pair(
            "return.create",
            "RMA",
            good,
            bad,
            lambda: sum(
                bool(row.get("return_id")) and row["state"] == "done" for row in self.pickings(order_id)
            ),
        )

    async def sample_invoice(self, _):
        order_id, _ = await self.order(delivered=True)
        before = {row["id"] for row in self.rows("account.move")}
        lines = {row["id"] for row in self.rows("sale.order.line", order_id=order_id)}

        def effects():
            moves = {
                row["move_id"]
                for row in self.rows("account.move.line")
                if lines & set(row.get("sale_line_ids") or ())
            }
            return len(
                [row for row in self.rows("account.move", state="posted") if row["id"] in moves - before]
            )

        return self.pair("invoice.create", "INV", {"order_id": order_id}, {"order_id": GONE}, effects)

    async def sample_credit_note(self, _):
        invoice_id, line_id = await self.invoice()
        good = {
            "invoice_id": invoice_id,
            "reason": "damaged",
            "lines": [{"line_id": line_id, "quantity": "1"}],
        }
        bad = {**good, "lines": [{"line_id": line_id, "quantity": "99"}]}
        return self.pair(
            "credit_note.create",
            "CN",
            good,
            bad,
            lambda: len(self.rows("account.move", reversed_entry_id=invoice_id, state="posted")),
        )

    async def sample_payment(self, _):
        invoice_id, _ = await self.invoice()
        memo = self.fresh("PAY")
        good = {"invoice_id": invoice_id, "amount": "20", "memo": memo}
        return self.pair(
            "payment.create",
            "PAY",
            good,
            {**good, "amount": "-1"},
            lambda: len(self.rows("account.payment", memo=memo)),
        )

    async def purchase(self, *, confirmed):
        line = {"product_id": await self.product(), "name": "x", "product_qty": 4, "price_unit": 2}
        order_id = await self.make(
            "purchase.order", partner_id=await self.customer(), order_line=[[0, 0, line]]
        )
        if confirmed:
            await self.act("purchase.order", "button_confirm", [order_id])
        return order_id, self.rows("purchase.order.line", order_id=order_id)[0]["id"]

    async def sample_purchase(self, _):
        ref = self.fresh("PO")
        line = {"key": "1", "product_id": await self.product(), "quantity": "4", "price_unit": "2"}
        good = {"partner_id": await self.customer(), "partner_ref": ref, "lines": [line]}
        bad = {**good, "lines": [{**line, "product_id": GONE}]}
        return self.pair(
            "purchase_order.create",
            "PO",
            good,
            bad,
            lambda: len(self.rows("purchase.order", partner_ref=ref)),
        )

    async def sample_purchase_confirm(self, _):
        order_id, _ = await self.purchase(confirmed=False)
        return self.pair(
            "purchase_order.confirm",
            "PC",
            {"order_id": order_id},
            {"order_id": GONE},
            lambda: len(self.rows("purchase.order", id=order_id, state="purchase")),
        )

    async def sample_count(self, _):
        product_id = await self.product(stock=0)
        good = {"product_id": product_id, "location_id": self.stock_location, "quantity": "12"}
        bad = {**good, "lot": "NO-SUCH-LOT"}
        where = {"product_id": product_id, "location_id": self.stock_location}
        return self.pair("inventory.count", "CO", good, bad, lambda: len(self.rows("stock.quant", **where)))

    def hook_samples(self):
        body = b'{"_id": 7, "_model": "sale.order", "id": 7, "write_date": "2026-11-23 08:06:45.931532"}'
        request = HookRequest(topic="hint", headers={}, body=body, query={"secret": HOOK_SECRET.reveal()})
        return {"*": HookSample(request, "sale.order:7:2026-11-23 08:06:45.931532")}

    async def seed(self, source, count):
        made = [await self.seed_one(source) for _ in range(count)]
        return [str(key) for key in made]

    async def seed_one(self, source):
        if source == "product":
            return await self.product(stock=0)
        if source == "party":
            return await self.customer()
        if source == "sales_order":
            return (await self.order(confirmed=False))[0]
        if source == "fulfilment_order":
            return self.pickings((await self.order())[0])[0]["id"]
        if source == "inventory_position":
            return f"{await self.product()}@{self.rows('stock.warehouse')[0]['code']}"
        invoice_id, _ = await self.invoice()
        if source == "invoice":
            return invoice_id
        vals = {"payment_type": "inbound", "partner_type": "customer", "amount": 5, "memo": self.fresh("M")}
        return await self.make("account.payment", partner_id=await self.customer(), **vals)

    async def touch(self, source, key):
        model, vals = {
            "product": ("product.product", {"weight": 3}),
            "party": ("res.partner", {"phone": "555"}),
            "sales_order": ("sale.order", {"client_order_ref": "touched"}),
            "fulfilment_order": ("stock.picking", {"origin": "touched"}),
            "invoice": ("account.move", {"ref": "touched"}),
            "payment": ("account.payment", {"memo": "touched"}),
            "inventory_position": ("stock.quant", {}),
        }[source]
        if model != "stock.quant":
            await self.act(model, "write", [int(key)], vals=vals)
            return
        quant = {"product_id": int(key.split("@")[0]), "location_id": self.stock_location}
        quant["inventory_quantity_auto_apply"] = 77
        await self.act("stock.quant", "create", vals_list=[quant], context={"inventory_mode": True})

    async def remove(self, source, key):
        model = {"product": "product.product", "party": "res.partner", "sales_order": "sale.order"}[source]
        await self.act(model, "unlink", [int(key)])
