"""Configuration: one TOML file → frozen models, or every problem with it at once.

`models` has every key of the daemon's own tables, `limits` those of ``[limits]``. `load` reads a file,
`parse` goes through its tables and `check` turns one into its model; `parts` is what can be read of a wrong
table, and `rules` asks it for the rules across its keys; `files` looks after paths and secrets, `problems`
finds the words for what is wrong, and `listing` tells every key there is. A plugin's tables are checked by
the model that it brings.
"""

from paydaemon.config.limits import LimitSettings as LimitSettings
from paydaemon.config.listing import Key as Key
from paydaemon.config.listing import keys as keys
from paydaemon.config.load import load_admin_socket as load_admin_socket
from paydaemon.config.load import load_config as load_config
from paydaemon.config.load import load_places as load_places
from paydaemon.config.models import AdminSettings as AdminSettings
from paydaemon.config.models import ChainConfig as ChainConfig
from paydaemon.config.models import Config as Config
from paydaemon.config.models import DaemonSettings as DaemonSettings
from paydaemon.config.models import DeskSettings as DeskSettings
from paydaemon.config.models import HealthSettings as HealthSettings
from paydaemon.config.models import HttpSettings as HttpSettings
from paydaemon.config.models import InvoiceSettings as InvoiceSettings
from paydaemon.config.models import NotifierConfig as NotifierConfig
from paydaemon.config.models import PluginSettings as PluginSettings
from paydaemon.config.models import RateConfig as RateConfig
from paydaemon.config.parse import Places as Places
from paydaemon.config.parse import parse_config as parse_config
from paydaemon.config.problems import ConfigError as ConfigError
from paydaemon.config.problems import Problem as Problem
from paydaemon.config.quotes import QuoteSettings as QuoteSettings
from paydaemon.config.tls import server_context as server_context
