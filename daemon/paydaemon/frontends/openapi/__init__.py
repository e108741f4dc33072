"""The OpenAPI document: what can be asked of the daemon, in a form that programs read.

Nothing is told twice. What bodies hold comes from `frontends.models`, choices from the core's enumerations,
limits from `frontends.settings`. The rest is declared here as data: the operations in `tags`, the shapes of
answers in `shapes`, examples in `samples`, the codes of errors in `codes`. `document` puts it together, and
`layout` makes of it a `page` for people.

It cannot drift, because the tests hold it to the daemon from both sides. A route without an operation fails,
and so does an operation without a route; and every answer that any test of the HTTP interface gets is checked
against what is declared here: its status, its headers, its body and its code.
"""
