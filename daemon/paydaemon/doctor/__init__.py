"""The doctor: looks at everything a daemon needs, and says what to do about what it finds.

`examine` is the order of it. Nothing here changes anything, and it all works whether or not the daemon runs.
"""

from paydaemon.doctor.examination import Examined as Examined
from paydaemon.doctor.examination import examine as examine
