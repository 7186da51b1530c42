"""A bank: a transfer checks the balance, goes into the journal, and only then changes the balance."""

import json
import os
import tempfile
from pathlib import Path

from flask import Flask, request
from flask.typing import ResponseReturnValue

import raceway

raceway.start("bank")

app = Flask(__name__)
accounts = raceway.watch({"alice": 10_000, "bob": 10_000}, "accounts")
journal = (Path(os.environ.get("BANK_DATA", tempfile.gettempdir())) / "bank.jsonl").open("a")


@app.get("/accounts/<name>")
def show(name: str) -> ResponseReturnValue:
    balance = accounts.get(name)
    if balance is None:
        return {"error": f"no account {name}"}, 404
    return {"account": name, "balance": balance}


@app.post("/transfer")
def transfer() -> ResponseReturnValue:
    order = request.get_json()
    sender, receiver, amount = order["from"], order["to"], order["amount"]
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
    app.run(port=int(os.environ.get("PORT", "5001")), threaded=True)
