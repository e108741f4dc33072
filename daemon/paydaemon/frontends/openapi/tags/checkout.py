"""``/i/{id}``, as `frontends.routes.checkout` serves it: for buyers, who have nothing but a link."""

from paydaemon.frontends.checkout.words import LANGUAGES
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import HTML, SCRIPT, Answer, Needs, Operation, Parameter, Tag

PAGE = Operation(
    id="showCheckout",
    method="GET",
    path="/i/{id}",
    summary="Show the checkout page",
    description="The page that an invoice's `checkout_url` leads to: what to pay and where, and how far it "
    "has come. Whoever has the link may see it. Whatever else is below `/i/` is a page, "
    "too, that says that there is no such invoice. Other parameters than these are left alone.",
    parameters=(
        Parameter("id", "The invoice's id.", {"type": "string"}, samples.INVOICE_ID, "path"),
        Parameter(
            "lang",
            f"The page's language: {', '.join(sorted(LANGUAGES))}. By default that of the invoice's "
            "`buyer.locale`, or else the first that the browser asks for, or else English.",
            {"type": "string"},
            "de",
        ),
        Parameter("way", "The way to pay that is shown, from 1 on as in `options`.", {"type": "string"}, "1"),
    ),
    answers=(
        Answer("The page.", media=HTML),
        Answer("There is no such invoice; a page says so.", status=404, media=HTML),
        Answer("Asked too often; a page says so, and tries again.", status=429, media=HTML),
        Answer("Something went wrong; a page says so.", status=500, media=HTML),
        Answer("It cannot be shown now; a page says so, and tries again.", status=503, media=HTML),
    ),
    refusals=("store_unavailable",),
    needs=Needs.NOTHING,
)

SCRIPTS = Operation(
    id="showCheckoutScript",
    method="GET",
    path="/assets/checkout/{version}/{name}",
    summary="Show a script of the checkout page",
    description="The page names them. Under its path a script never changes, so it may be kept for good.",
    parameters=(
        Parameter(
            "version", "The hash of all of them.", {"type": "string"}, samples.CHECKOUT_VERSION, "path"
        ),
        Parameter("name", "The script.", {"type": "string"}, "page.js", "path"),
    ),
    answers=(Answer("The script.", media=SCRIPT),),
    refusals=("no_such_path",),
    needs=Needs.NOTHING,
)

EMBEDDING = Operation(
    id="showEmbeddingScript",
    method="GET",
    path="/paydaemon.js",
    summary="Show the script that embeds the checkout page",
    description="A page of yours that loads it opens the checkout page in a dialog, if "
    "the seller's `frame_ancestors`, or else those of the configuration, name your page.",
    answers=(Answer("The script.", media=SCRIPT),),
    needs=Needs.NOTHING,
)

TAG = Tag("Checkout", "The pages that buyers see.", (PAGE, SCRIPTS, EMBEDDING))
