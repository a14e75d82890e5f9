"""The table of exception codes: code | severity | owner | class | title | what it means | what a person does."""

from __future__ import annotations

from typing import Final

__all__ = ["BUSINESS", "TECHNICAL"]

BUSINESS: Final = """
B-DUP-DOC | E | ops | duplicate | Same document, other content | A document with this number was accepted before, and the content differs. | Compare both; release the new one as a revision, or ignore it.
B-DUP-PO | E | ops | duplicate | Same purchase order number again | The customer has used this order number before for another order. | Ask the customer whether it is a second order; release or reject it.
B-UNK-PARTY | E | ops | missing_reference | Unknown party | No customer, supplier or carrier is known under this number. | Create the party or link it to an existing one; the document continues by itself.
B-UNK-SHIPTO | E | ops | missing_reference | Unknown ship-to | The delivery address is not one of the customer's known addresses. | Add the address to the customer, or choose one of the known ones.
B-UNK-ITEM | E | ops | missing_reference | Unknown item | No product is known under this number. | Create the product or link the partner's number to ours; the document continues by itself.
B-UNK-UOM | E | ops | missing_reference | Unknown unit | The unit of measure is not known for this product. | Add the unit to the product's packagings, or translate it in the partner's profile.
B-UNK-CARRIER | E | ops | missing_reference | Unknown carrier | The carrier or its service is not known. | Add the carrier code to the list of carriers.
B-UNK-LINE | E | ops | missing_reference | Unknown order line | The document names an order line that the order does not have. | Compare with the order; correct the line number, or ask the sender.
B-UNK-REF | E | ops | missing_reference | Unknown reference | The document refers to an object that is not known here (yet). | Wait for it, or bring it in; the document continues by itself when it arrives.
B-ITEM-DISC | E | ops | business_rule | Item discontinued | The product is discontinued and out of stock. | Offer a substitute, or reject the line.
B-ITEM-BLOCK | E | ops | business_rule | Item blocked | The product is blocked for sale. | Clear the block, or reject the line.
B-ITEM-NOTSOLD | E | ops | business_rule | Item not sold to this customer | The product is not in the customer's assortment or contract. | Extend the assortment, offer another item, or reject the line.
B-UOM-CONV | E | ops | business_rule | No conversion between units | The product's packagings do not say how to convert this unit. | Complete the product's packagings in its master system.
B-PACK-MULT | W | ops | business_rule | Not a multiple of the pack | The quantity is not a whole number of packs. | Round by the customer's rule, or ask the customer.
B-MIN-QTY | W | ops | business_rule | Below the minimum quantity | Less was ordered than the least we sell. | Raise the quantity with the customer's consent, or reject the line.
B-MAX-QTY | W | ops | business_rule | Above the maximum quantity | More was ordered than the limit for this customer or product. | Confirm with the customer that the quantity is meant; release or cut it.
B-PRICE-MISM | E | ops | business_rule | Price differs | The price promised and ours differ by more than the tolerance. | Accept one of the two prices, or ask the customer.
B-TERM-MISM | W | ops | business_rule | Payment terms differ | The terms in the document are not the ones agreed. | Accept ours or theirs.
B-CURR-MISM | E | ops | business_rule | Currency differs | Amounts stand in different currencies, or in one that was not agreed. | Correct the currency at the source, or in the party's price list.
B-TAX-MISM | E | ops | business_rule | Tax differs | The tax in the document is not what its lines and rates come to. | Check the tax category and rate of the named line and of the product.
B-DATE-PAST | W | ops | business_rule | Date in the past | The requested date is over. | Propose a new date to the customer.
B-DATE-LEAD | W | ops | business_rule | Lead time too short | The requested date leaves less than the lead time. | Propose a later date, or ask the warehouse to rush.
B-DATE-CANCELLED | E | ops | business_rule | Past the cancel date | The customer said to cancel what is not shipped by this date. | Ask for an extension, or cancel the open rest.
B-CREDIT | E | ops | business_rule | Credit limit | The customer's credit does not cover the order. | Release by credit control, or ask for payment.
B-HOLD-ACCT | E | ops | business_rule | Account on hold | The customer's account is on hold. | Clear the hold, or reject the order.
B-COMPLIANCE | E | ops | business_rule | Compliance hold | Export or sanctions screening stopped it. | Have compliance decide; never release it otherwise.
B-FRAUD | E | ops | business_rule | Suspected fraud | The shop or the payment provider marks the order as risky. | Verify the buyer; release or cancel.
B-ADDR-BAD | E | ops | value | Address cannot be delivered to | The address is incomplete or does not exist. | Correct it with the customer.
B-STOCK-OUT | W | ops | business_rule | Out of stock | Nothing of the product can be allocated. | Backorder, substitute or cancel, by the customer's rule.
B-STOCK-PART | W | ops | business_rule | Not enough stock | Only part of the quantity can be allocated. | Split, backorder or cancel the rest, by the customer's rule.
B-ALLOC-FAIL | E | ops | business_rule | Allocation failed | Stock was free but could not be reserved. | Try again; if it stays, check reservations of the product.
B-ALLOC-EXPIRED | W | ops | business_rule | Allocation expired | The reservation ran out before the order was released. | Allocate again, or free the order.
B-SHORT-PICK | W | ops | business_rule | Short pick | The warehouse found less than it was told to pick. | Decide on the rest: backorder or close short; have the bin counted.
B-OVER-PICK | E | ops | business_rule | More than allowed at a warehouse step | A warehouse step (allocate, release, pick, pack or ship) names more than the step before allows. | Have the warehouse check the line before it leaves, or correct the report.
B-WRONG-ITEM | E | ops | business_rule | Wrong item | Another product was picked or packed than was ordered. | Stop the shipment, or agree on a substitution with the customer.
B-LOT-MISM | E | ops | business_rule | Wrong lot | The lot is not one the order allows. | Have the warehouse exchange it, or get the customer's consent.
B-EXPIRY-SHORT | E | ops | business_rule | Too little shelf life | The goods expire sooner than the customer accepts. | Pick a younger lot, or get the customer's consent.
B-SERIAL-DUP | E | ops | business_rule | Serial number twice | The serial number is already in use elsewhere. | Scan again; find out where the other one is.
B-ASN-MISSING | W | ops | business_rule | Ship notice missing | Goods were shipped or arrived without an advance notice. | Send the notice, or ask the supplier for it.
B-ASN-LATE | W | ops | business_rule | Ship notice late | The notice came later than agreed. | Note it for the supplier's score; expect a chargeback if it is ours.
B-ASN-QTY | E | ops | business_rule | Ship notice quantities differ | The notice's quantities are not those of the order or of its own contents. | Compare with the packing list; send a corrected notice.
B-ASN-SSCC-DUP | E | ops | business_rule | SSCC used twice | A handling unit's number occurs twice, here or in an earlier shipment. | Relabel the unit and send a corrected notice.
B-ASN-NO-PO | E | ops | missing_reference | Ship notice without order | The notice names no order, or one we do not know. | Ask the supplier which order it is for.
B-RCV-OVER | W | ops | business_rule | Received too much | More arrived than was expected. | Accept, hold or send back, by policy.
B-RCV-SHORT | W | ops | business_rule | Received too little | Less arrived than was expected. | Claim the rest from the supplier or the carrier.
B-RCV-DAMAGE | W | ops | business_rule | Received damaged | Goods arrived damaged. | Document it with photographs and open a claim.
B-RCV-WRONG | E | ops | business_rule | Received something else | The receipt does not add up, or other goods arrived than ordered. | Have the receipt counted again; return what was not ordered.
B-RCV-NOASN | W | ops | business_rule | Received without notice | Goods arrived that nobody announced. | Match them to a purchase order by hand.
B-CHG-LATE | E | ops | conflict | Change came too late | The line is released or picked already. | Refuse the change, or ask the warehouse to stop it.
B-CXL-LATE | E | ops | conflict | Cancellation came too late | The goods are picked or shipped already. | Refuse it, or intercept the parcel and plan a return.
B-CHG-CONFLICT | E | ops | conflict | Change against another version | The change was made against a version that is not ours. | Compare both versions and decide line by line.
B-INV-NO-SHIP | E | ops | business_rule | Invoiced but not shipped | An invoice exists for a line that is not known to have shipped at all. | Find the shipment, or credit the invoice.
B-INV-QTY | E | ops | business_rule | Invoiced too much | More was invoiced than shipped (or ordered, where orders are invoiced). | Credit the difference, or find the missing shipment.
B-INV-PRICE | E | ops | business_rule | Invoice price differs | The invoiced price is not the ordered one. | Dispute it, or accept the difference.
B-INV-DUP | E | ops | duplicate | Invoice number again | An invoice with this number was received before. | Reject the second one unless it is a correction.
B-INV-TAX | E | ops | business_rule | Invoice tax wrong | The invoice's tax does not follow from its categories and rates. | Dispute it; ask for a corrected invoice.
B-INV-TOTAL | E | ops | business_rule | Totals do not add up | The totals are not the sum of their parts. | Return it to its sender with the sums shown here.
B-PAY-SHORT | W | ops | business_rule | Paid too little | The payment is less than the invoices it names. | Find the reason; open a deduction, or ask for the rest.
B-PAY-OVER | W | ops | business_rule | Paid too much | The payment is more than the invoices it names. | Keep it on account, or pay it back.
B-PAY-UNK | E | ops | missing_reference | Payment for an unknown invoice | The payment names an invoice that is not known. | Find the invoice, or keep the payment on account.
B-DEDUCTION | W | ops | business_rule | Deduction taken | The customer kept part of the amount for a stated reason. | Accept it or dispute it within the agreed time.
B-RET-NOAUTH | E | ops | business_rule | Return without authorisation | Goods came back that nobody had authorised. | Inspect them; authorise afterwards or send them back.
B-RET-LATE | W | ops | business_rule | Return too late | The return came after its authorisation ended. | Accept as goodwill or refuse.
B-RET-QTY | E | ops | business_rule | Returned too much | More came back than was shipped. | Count again; find out from which order the rest is.
B-RET-COND | W | ops | business_rule | Return in bad condition | The goods are not in the condition agreed. | Decide on the credit with the customer.
B-TRK-LATE | W | ops | business_rule | Shipment late | The carrier is behind the promised date. | Tell the customer; ask the carrier.
B-TRK-EXC | W | ops | business_rule | Carrier reports a problem | The carrier reports an exception, or events that contradict each other. | Read the event; call the carrier if it does not clear.
B-TRK-LOST | E | ops | business_rule | Shipment lost | The carrier has lost it. | Ship again and claim from the carrier.
B-TRK-DAMAGE | E | ops | business_rule | Damaged on the way | The carrier reports damage. | Claim from the carrier; ship again if needed.
B-TRK-REFUSED | E | ops | business_rule | Delivery refused | The receiver did not take the goods. | Ask the customer why; plan the return.
B-POD-MISSING | W | ops | business_rule | Proof of delivery missing | Delivered, but nobody's signature came. | Ask the carrier for the proof.
B-TENDER-DECL | W | ops | business_rule | Tender declined | The carrier declined the load. | Offer it to the next carrier.
B-TENDER-EXP | W | ops | business_rule | Tender expired | The carrier did not answer in time. | Offer it again, or to the next carrier.
B-RATE-MISM | W | ops | business_rule | Freight rate differs | The carrier's charge is not the agreed rate. | Dispute the charge, or correct the rate.
B-STK-VAR | W | ops | business_rule | Stock differs | A system's stock is not what its events add up to. | Have the location counted; book the difference with its reason.
B-NEG-STOCK | E | ops | business_rule | Negative stock | More was booked out than was there. | Find the missing receipt or move, and book it.
B-OWNER | E | ops | conflict | Change by a system that does not own the field | A system changed a field that another system owns. | Change it in the owning system, or give the ownership over.
"""

TECHNICAL: Final = """
T-ENV-ISA | E | edi | schema | X12 interchange header unreadable | The ISA segment cannot be read, or names a sender, receiver or version we do not know. | Compare with the partner's profile; ask the partner to correct it.
T-ENV-GS | E | edi | schema | X12 group header unreadable | The GS segment cannot be read or does not fit the profile. | Compare with the partner's profile; ask the partner to correct it.
T-ENV-UNB | E | edi | schema | EDIFACT interchange header unreadable | The UNB segment cannot be read, or names a sender, receiver or syntax we do not know. | Compare with the partner's profile; ask the partner to correct it.
T-ENV-DUPICN | E | edi | duplicate | Interchange number again | An interchange with this control number was received before. | Ask the partner whether it was sent twice; replay it only if its content is new.
T-ENV-CTRL | E | edi | schema | Control numbers differ | The trailer's control number is not the header's. | Ask the partner to send it again.
T-ENV-COUNT | E | edi | schema | Counts wrong | The trailer counts other numbers of segments or transactions than there are. | Ask the partner to send it again: something may be missing.
T-ENV-TRUNC | E | edi | schema | Ends too early | The interchange stops before its trailer. | Ask the partner to send it again.
T-GRP-UNSUP | E | edi | configuration | Group not agreed | The functional group or its version is not in the partner's profile. | Add it to the profile, or tell the partner.
T-TXN-UNSUP | E | edi | configuration | Transaction not agreed | The transaction set is not in the partner's profile. | Add it to the profile, or tell the partner.
T-SEG-UNK | E | edi | schema | Unknown segment | A segment stands here that the transaction does not have. | Ask the partner, or adapt the schema in the profile.
T-SEG-MISS | E | edi | schema | Segment missing | A mandatory segment is not there. | Ask the partner to send it.
T-SEG-SEQ | E | edi | schema | Segment out of sequence | A segment stands in the wrong place. | Ask the partner, or adapt the schema in the profile.
T-SEG-MAX | E | edi | schema | Segment too often | A segment is repeated more often than allowed. | Ask the partner, or adapt the schema in the profile.
T-LOOP-MAX | E | edi | schema | Loop too often | A loop is repeated more often than allowed. | Ask the partner, or adapt the schema in the profile.
T-ELE-MISS | E | edi | schema | Element missing | A mandatory element is empty. | Ask the partner to send it.
T-ELE-COND | E | edi | schema | Conditional element missing | An element is needed because another one is there. | Ask the partner to send both.
T-ELE-MANY | E | edi | schema | Too many elements | The segment has more elements than it may have. | Ask the partner; an unescaped separator in text is the usual cause.
T-ELE-SHORT | E | edi | value | Element too short | The value is shorter than allowed. | Ask the partner to correct the value.
T-ELE-LONG | E | edi | value | Element too long | The value is longer than allowed. | Ask the partner to correct the value, or allow it in the profile.
T-ELE-CHAR | E | edi | value | Wrong characters | The value holds characters its type does not allow. | Ask the partner to correct the value.
T-ELE-CODE | E | edi | value | Unknown code or number | The value is not in the list of codes, or its check digit is wrong. | Translate it in the profile, or ask the partner to correct it.
T-ELE-DATE | E | edi | value | No date | The value is not a date of the form agreed. | Ask the partner to correct the value.
T-ELE-TIME | E | edi | value | No time | The value is not a time of the form agreed. | Ask the partner to correct the value.
T-ELE-EXCL | E | edi | schema | Elements exclude each other | Two elements are filled of which only one may be. | Ask the partner to send one of them.
T-ELE-REPEAT | E | edi | schema | Element repeated too often | A repeating element has too many repetitions. | Ask the partner, or allow it in the profile.
T-CHARSET | E | edi | value | Characters lost or unreadable | Bytes are not in the declared character set, or characters cannot be written in it. | Correct the character set in the profile.
T-MAP | E | it | configuration | Mapping failed | A mapping could not be applied to this message. | Correct the mapping at the named field, test it, and replay the message.
T-SCHEMA | E | it | schema | Document does not fit its schema | The mapped document lacks a field, or a value has the wrong form. | Correct the mapping or the source's value at the named field, and replay the message.
T-PROFILE | E | it | configuration | Project or profile wrong | The project's files or a partner's profile are not right. | Run `crossdock check`; it names file, line and mend.
T-TRN-CONN | W | it | connection | No connection | The system cannot be reached; nothing was sent. | Nothing at first: it is tried again. If it lasts, check the system and the network.
T-TRN-AUTH | E | it | authentication | Not let in | The system does not accept our credentials. | Renew the key or password; the deliveries wait and continue by themselves.
T-TRN-TIMEOUT | W | it | timeout | No answer in time | The system did not answer; whether it acted is looked up before anything is sent again. | Nothing at first. If it lasts, check the system's load.
T-TRN-REJECT | E | it | connection | Transport refused | The other side refused the connection or the file for good. | Read its answer; correct the settings or call the partner.
T-TRN-NOSPACE | E | it | connection | No space | A disk or mailbox is full. | Make room; it is tried again.
T-AS2-SIG | E | edi | authentication | AS2 signature wrong | The message's signature does not verify. | Compare certificates with the partner.
T-AS2-DECRYPT | E | edi | authentication | AS2 message cannot be decrypted | It was encrypted for another certificate. | Send the partner our current certificate.
T-AS2-MIC | E | edi | authentication | AS2 receipt for other content | The checksum in the receipt is not that of what we sent. | Ask the partner what arrived; send again if needed.
T-AS2-MDN-NEG | E | edi | schema | AS2 receipt is negative | The partner could not process the message. | Read the receipt's reason; correct it and send again.
T-AS2-MDN-LATE | W | edi | timeout | AS2 receipt late | The partner's receipt has not come in time. | Ask the partner whether the message arrived before sending again.
T-CERT-EXP | E | it | authentication | Certificate expires | A certificate has expired or is about to. | Renew it, and exchange it with the partner.
T-ACK-LATE | W | edi | timeout | Acknowledgement late | The partner has not acknowledged in time. | Ask the partner whether the document arrived.
T-ACK-REJ | E | edi | schema | Acknowledgement is negative | The partner rejected the document. | Read the named errors; correct and send again.
T-ACK-UNK | W | edi | missing_reference | Acknowledgement for nothing we sent | It names a group that we did not send. | Compare control numbers with the partner.
T-API-4XX | E | it | schema | Request refused | The system understood the request and refused it. | Read its answer; correct the data or the mapping, and retry.
T-API-429 | I | it | rate | Asked to slow down | The system limits how often it may be called. | Nothing: the pace is adapted. If it lasts, lower the limit in the system's settings.
T-API-5XX | W | it | connection | System fault | The system failed on its own side. | Nothing at first: it is looked up and tried again. If it lasts, read the system's log.
T-API-SCHEMA | E | it | schema | Answer of another form | The system answered with something its interface does not have. | Check whether the system was updated; adapt the connector.
T-API-CONFLICT | E | ops | conflict | Changed over there | The record is no longer what we think: edited, cancelled or deleted by a person. | Compare both sides; decide whose word counts, then retry or ignore.
T-ODOO-VALID | E | ops | business_rule | Odoo refused | Odoo's own rules refuse the operation. | Read Odoo's message; correct the record in Odoo or the data, and retry.
T-ODOO-LOCK | W | it | conflict | Odoo record busy | Two transactions in Odoo wanted the same record. | Nothing: it is tried again.
T-ODOO-ACCESS | E | it | authentication | Odoo denies access | The service user lacks a right. | Give the service user the named right; the least rights are in the docs.
T-ODOO-MISSING | E | ops | missing_reference | Odoo record gone | The record was deleted in Odoo. | Restore it, or release the document to be created again.
T-ORDER | W | it | conflict | Out of order | A message came before one that must come first. | Nothing at first: it waits. If the earlier one never comes, ask its source.
T-STALE | I | it | duplicate | Superseded | A newer version has been applied already, so this one is not sent. | Nothing.
T-POISON | E | it | schema | Fails every time | It failed without a known reason as often as it may. | Read the last attempt's detail; correct the cause, then retry.
T-TOO-BIG | E | it | value | Too big | The message is larger than allowed. | Have it split at its source, or raise the limit.
T-SIG | E | it | authentication | Signature wrong | A hook's signature is missing or does not verify; the body was not taken. | Compare the secret on both sides; if both agree, somebody else is calling.
T-OUTCOME | E | ops | timeout | Outcome unknown | A call got no answer, and looking it up cannot tell whether it acted. | Look in the target system; then mark it delivered, or retry it.
T-DEADLINE | E | ops | timeout | What was waited for did not come | A fact that the document needs has not arrived by its deadline. | Find out why it is missing; the document continues by itself when it comes.
T-NO-ROUTE | W | it | configuration | Nobody wants it | No active interface takes this message. | Add or activate an interface for its topic, or stop the source from sending it.
T-ENV | E | it | configuration | Other environment | The journal belongs to another environment or database, such as a restored copy. Nothing is sent. | If the change is meant, confirm the new identity with `crossdock doctor`.
T-WIZARD | E | it | configuration | Unknown Odoo wizard | Odoo asked a question that the connector does not know how to answer. | Answer it in Odoo by hand and report the wizard's name, or switch off the module that asks.
T-ROUND | W | ops | value | Target rounded | The target keeps fewer decimals and stored another number than was sent. | Raise the decimal precision in the target, or accept the difference.
T-FORMAT | E | partner | schema | Malformed body | The body is not what its format demands (JSON, XML, CSV, X12 or EDIFACT). | Ask the sender to correct it; the place is named.
T-MEDIA | E | partner | schema | Unsupported media type | The body's type is not one that this interface reads. | Have it sent in an agreed format, or set the interface's format.
T-CONFIG | E | it | configuration | Configuration wrong | A setting is missing or wrong. | Correct the named setting and run `crossdock check`.
"""
