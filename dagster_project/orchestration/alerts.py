"""Send an alert when a run failed: to a web address, by mail, or both.

Belongs here: the sensor, the words, sending them. Does not belong here: failing (the steps).

What is sent leaves the machine: the steps' own words, which never quote an answer, of an unexpected
error its kind only, and of a gate its name, as what it says may be about a hidden figure.
"""

from __future__ import annotations

import json
import smtplib
import socket
from email.message import EmailMessage
from urllib.error import URLError
from urllib.request import Request, urlopen

import dagster as dg

from dagster_project.common.errors import UserError
from dagster_project.common.settings import Alerts
from dagster_project.orchestration.resources import own_words, unexpected

NAME = "run_failed"
SECONDS = 15
"""How long sending may take."""


class AlertError(UserError):
    """An alert could not be sent; says where to and why, without the address of the hook."""


def run_failed(alerts: Alerts) -> dg.SensorDefinition:
    """Make the sensor that sends an alert of every failed run of any job."""

    @dg.run_failure_sensor(
        name=NAME,
        description="Tells of a failed run, to KTO_ALERT_WEBHOOK and KTO_ALERT_MAIL.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def tell(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        send(alerts, f"{run.job_name} failed: {'; '.join(_words(context))} (run {run.run_id})")

    return tell


def send(alerts: Alerts, text: str) -> None:
    """Send a text to every address; one that fails does not stop the others.

    Raises:
        AlertError: one of them did not take it.

    """
    faults = []
    for name, way in (("KTO_ALERT_WEBHOOK", _to_webhook), ("KTO_ALERT_MAIL", _by_mail)):
        try:
            way(alerts, text)
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            reason = fault.reason if isinstance(fault, URLError) else type(fault).__name__
            faults.append(f"{name} could not be told ({reason})")
    if faults:
        raise AlertError("; ".join(faults))


def _to_webhook(alerts: Alerts, text: str) -> None:
    if alerts.webhook is None:
        return
    body = json.dumps({"text": text}).encode()
    request = Request(alerts.webhook, body, {"Content-Type": "application/json"})  # noqa: S310
    # settings let through http and https only
    with urlopen(request, timeout=SECONDS):  # noqa: S310  # nosec B310
        pass


def _by_mail(alerts: Alerts, text: str) -> None:
    if not alerts.mail_to:
        return
    message = EmailMessage()
    message["Subject"] = text.partition(":")[0]
    message["From"] = alerts.mail_from or f"kto@{socket.getfqdn()}"
    message["To"] = ", ".join(alerts.mail_to)
    message.set_content(text)
    host, _, port = alerts.smtp.partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=SECONDS) as server:
        server.send_message(message)


def _words(context: dg.RunFailureSensorContext) -> list[str]:
    """Say what failed: names of gates, the words of steps, else the kind of error."""
    run_id, words = context.dagster_run.run_id, []
    judged = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    for entry in context.instance.all_logs(run_id, of_type=judged):
        check = entry.dagster_event.asset_check_evaluation_data if entry.dagster_event else None
        if check and check.blocking and not check.passed:
            asset = check.asset_key.to_user_string()
            words.append(f"{asset} did not pass {check.check_name}; the run says why")
    for step in context.get_step_failure_events():
        if said := own_words(step):
            words.append(said)
        elif error := unexpected(step):
            words.append(f"step {step.step_key} broke down ({error[0]})")
    return words or ["the run ended before a step could say why"]
