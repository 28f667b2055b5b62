"""Somebody is told of a run that failed, in words that hold no answer."""

from __future__ import annotations

import json
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest

from dagster_project.common.settings import Alerts
from dagster_project.orchestration.alerts import AlertError, run_failed, send


class Hook:
    """A web server of this machine that takes what is posted to it, or refuses it."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posted.append(json.loads(body)["text"])
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/secret-path"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    yield found
    found.server.shutdown()
    found.server.server_close()


@dg.op
def quotes_an_answer() -> None:
    raise ValueError("jan@voorbeeld.nl is no number")


@dg.op
def says_what_to_do() -> None:
    raise dg.Failure("the disk is full; make room, then run again")


def failed(op: dg.OpDefinition, alerts: Alerts) -> None:
    """Let a job of one step fail, and the sensor tell of it."""

    @dg.job(name="refresh", executor_def=dg.in_process_executor)
    def job() -> None:
        op()

    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        tell(result, instance, alerts)


def tell(result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance, alerts: Alerts) -> None:
    context = dg.build_run_status_sensor_context(
        sensor_name="run_failed",
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        dagster_event=result.get_run_failure_event(),
    ).for_run_failure()
    run_failed(alerts)(context)


def test_the_words_of_a_step_are_told(hook: Hook) -> None:
    failed(says_what_to_do, Alerts(webhook=hook.address))
    (text,) = hook.posted
    assert text.startswith("refresh failed: the disk is full; make room, then run again (run ")


def test_of_an_unexpected_error_only_its_kind_leaves_the_machine(hook: Hook) -> None:
    failed(quotes_an_answer, Alerts(webhook=hook.address))
    (text,) = hook.posted
    assert "step quotes_an_answer broke down (ValueError)" in text
    assert "jan" not in text


def test_of_a_gate_only_its_name_leaves_the_machine(hook: Hook) -> None:
    key = dg.AssetKey("release_candidate")

    @dg.asset(key=key)
    def staged() -> None:
        pass

    @dg.asset_check(asset=key, name="attack", blocking=True)
    def gate() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="n of GM0637 is 3")

    @dg.asset(key="release", deps=[key])
    def release() -> None:
        pass

    job = dg.define_asset_job("refresh", executor_def=dg.in_process_executor)
    definitions = dg.Definitions([staged, release], asset_checks=[gate], jobs=[job])
    found = definitions.resolve_job_def("refresh")
    with dg.DagsterInstance.ephemeral() as instance:
        result = found.execute_in_process(instance=instance, raise_on_error=False)
        tell(result, instance, Alerts(webhook=hook.address))
    (text,) = hook.posted
    assert "release_candidate did not pass attack; the run says why" in text
    assert "GM0637" not in text


def test_mail_goes_to_everybody_by_the_server_that_is_named(monkeypatch: pytest.MonkeyPatch):
    sent: list[EmailMessage] = []
    asked: list[tuple[str, int]] = []

    class Server:
        def __init__(self, host: str, port: int, timeout: float) -> None:
            del timeout
            asked.append((host, port))

        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def send_message(self, message: EmailMessage) -> None:
            sent.append(message)

    monkeypatch.setattr(smtplib, "SMTP", Server)
    alerts = Alerts(None, ("a@voorbeeld.nl", "b@voorbeeld.nl"), "kto@voorbeeld.nl", "mail:2525")
    failed(says_what_to_do, alerts)
    (message,) = sent
    assert asked == [("mail", 2525)]
    assert message["To"] == "a@voorbeeld.nl, b@voorbeeld.nl"
    assert message["From"] == "kto@voorbeeld.nl"
    assert message["Subject"] == "refresh failed"
    assert "the disk is full" in message.get_content()


def test_a_hook_that_refuses_is_told_without_its_address(hook: Hook) -> None:
    hook.status = 403
    with pytest.raises(
        AlertError, match=r"KTO_ALERT_WEBHOOK could not be told \(Forbidden\)"
    ) as told:
        send(Alerts(webhook=hook.address), "x")
    assert "secret-path" not in str(told.value)
    assert "secret-path" not in repr(Alerts(webhook=hook.address))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KTO_ALERT_WEBHOOK", "file:///etc/passwd"),
        ("KTO_ALERT_MAIL", "somebody"),
        ("KTO_ALERT_SMTP", "mail:server"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        Alerts.from_env({name: value})


def test_without_settings_nobody_is_told() -> None:
    assert not Alerts.from_env({}).is_anybody
    assert Alerts.from_env({"KTO_ALERT_MAIL": "a@b.nl, c@d.nl"}).mail_to == ("a@b.nl", "c@d.nl")
