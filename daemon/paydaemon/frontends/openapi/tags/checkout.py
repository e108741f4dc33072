"""``/i/{id}``, as `frontends.routes.checkout` serves it: for buyers, who have nothing but a link."""

from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import CSS, HTML, Answer, Needs, Operation, Parameter, Tag

PAGE = Operation(
    id="showCheckout",
    method="GET",
    path="/i/{id}",
    summary="Show the checkout page",
    description="The page that an invoice's `checkout_url` leads to: what to pay and where, and how far it "
    "has come. Whoever has the link may see it.",
    parameters=(Parameter("id", "The invoice's id.", {"type": "string"}, samples.INVOICE_ID, "path"),),
    answers=(
        Answer("The page.", media=HTML),
        Answer("There is no such invoice; a page says so.", status=404, media=HTML),
    ),
    refusals=("store_unavailable",),
    needs=Needs.NOTHING,
)

STYLE = Operation(
    id="showCheckoutStyle",
    method="GET",
    path="/assets/checkout.css",
    summary="Show the checkout page's style sheet",
    answers=(Answer("The style sheet.", media=CSS),),
    needs=Needs.NOTHING,
)

TAG = Tag("Checkout", "The pages that buyers see.", (PAGE, STYLE))
