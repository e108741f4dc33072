"""What a server's refusal means."""

import pytest

from paydaemon_email.answers import GREYLISTED_S, LONGEST_S, Broken, Refused, Step, not_told


@pytest.mark.parametrize(
    ("text", "retry_after_s"),
    [
        ("4.7.1 Greylisted", GREYLISTED_S),
        ("Greylisting in effect, please come back later", GREYLISTED_S),
        ("graylisted for 120 seconds", 120),
        ("4.7.1 Try again in 00:05:00", GREYLISTED_S),
        ("4.2.0 Retry in 2 min", 120),
        ("4.2.0 Retry in 0s", 1),
        ("4.2.0 Retry in 99999 minutes", LONGEST_S),
        ("4.3.0 Mailbox busy", None),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(text: str, retry_after_s: float | None) -> None:
    assert not_told(Refused(Step.RECIPIENT, 451, text), "s:25").retry_after_s == retry_after_s


@pytest.mark.parametrize(
    ("step", "code", "text", "target_down", "for_good"),
    [
        (Step.RECIPIENT, 550, "5.1.1 No such user", False, True),
        (Step.RECIPIENT, 550, "No such user", False, True),
        (Step.RECIPIENT, 552, "5.2.2 Mailbox full", False, True),
        (Step.RECIPIENT, 550, "5.7.1 Not from you", False, False),
        (Step.RECIPIENT, 554, "Relay access denied", False, False),
        (Step.RECIPIENT, 452, "4.2.2 Mailbox full", False, False),
        (Step.RECIPIENT, 421, "4.7.0 Too many", True, False),
        (Step.RECIPIENT, 503, "5.5.1 MAIL first", True, False),
        (Step.END, 554, "5.6.0 Spam", False, True),
        (Step.END, 452, "4.3.1 Disk full", False, False),
        (Step.SENDER, 553, "5.7.1 Not yours", True, False),
        (Step.AUTH, 535, "5.7.8", True, False),
        (Step.GREETING, 554, "Go away", True, False),
    ],
)
def test_whose_fault_it_is_and_whether_to_try_again(
    step: Step, code: int, text: str, target_down: bool, for_good: bool
) -> None:
    told = not_told(Refused(step, code, text), "smtp.shop.example:587")
    assert (told.status, told.target_down, told.for_good) == (code, target_down, for_good)
    assert told.reason == f"smtp.shop.example:587 refused {step}: {code} {text}"


def test_what_is_broken_is_tried_again() -> None:
    told = not_told(Broken(Step.TLS, "the certificate\r\nis not trusted"), "s:25")
    assert (told.reason, told.status) == ("s:25: TLS: the certificate is not trusted", None)
    assert told.target_down
    assert not told.for_good


def test_a_servers_words_are_one_short_line() -> None:
    reason = not_told(Refused(Step.END, 554, "5.6.0 no\r\n\x1b[31m" + "x" * 5_000), "s:25").reason
    assert reason.isprintable()
    assert len(reason) < 300
