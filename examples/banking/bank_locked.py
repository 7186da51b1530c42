"""The same bank with the right lock: it is held from reading a balance until it is written."""

import json
import os
import tempfile
import threading
from pathlib import Path

from flask import Flask, request
from flask.typing import ResponseReturnValue

import raceway

raceway.start("bank-locked")

app = Flask(__name__)
accounts = raceway.watch({"alice": 10_000, "bob": 10_000}, "accounts")
accounts_lock = threading.Lock()
journal = (Path(os.environ.get("BANK_DATA", tempfile.gettempdir())) / "bank-locked.jsonl").open("a")


@app.get("/accounts/<name>")
def show(name: str) -> ResponseReturnValue:
    with accounts_lock:
        balance = accounts.get(name)
    if balance is None:
        return {"error": f"no account {name}"}, 404
    return {"account": name, "balance": balance}


@app.post("/transfer")
def transfer() -> ResponseReturnValue:
    order = request.get_json()
    sender, receiver, amount = order["from"], order["to"], order["amount"]
    with accounts_lock:
        balance = accounts[sender]
        if balance < amount:
            return {"error": "insufficient funds"}, 409
        write_journal(order)
        accounts[sender] = balance - amount
        accounts[receiver] += amount
    return {"transferred": amount}


def write_journal(order: dict[str, object]) -> None:
    journal.write(json.dumps(order) + "\n")
    journal.flush()
    os.fsync(journal.fileno())


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5002")), threaded=True)
