"""The payer's checkout page: what it shows (`shown`), in whose words (`words`), and what it is made of.

`shown` decides, from nothing but the public view; the templates word it, and `words` brings their catalogues
and the formats of each language. `wallets` and `qr` say how a wallet is handed what to pay. `assets` are the
scripts, `policy` is what the browser may do with all of it, and `sheet` puts the page together.
"""
