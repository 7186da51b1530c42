"""The same bank on asyncio, with the right lock: it is held across the await of the journal."""

import asyncio
import json
import os
import tempfile
from pathlib import Path

import uvicorn
from litestar import Litestar, Response, get, post

import raceway

raceway.start("bank-asyncio")

accounts = raceway.watch({"alice": 10_000, "bob": 10_000}, "accounts")
accounts_lock = asyncio.Lock()
journal = (Path(os.environ.get("BANK_DATA", tempfile.gettempdir())) / "bank-asyncio.jsonl").open("a")


@get("/accounts/{name:str}")
async def show(name: str) -> Response[dict[str, object]]:
    async with accounts_lock:
        balance = accounts.get(name)
    if balance is None:
        return Response({"error": f"no account {name}"}, status_code=404)
    return Response({"account": name, "balance": balance})


@post("/transfer", status_code=200)
async def transfer(data: dict[str, object]) -> Response[dict[str, object]]:
    sender, receiver, amount = str(data["from"]), str(data["to"]), int(str(data["amount"]))
    async with accounts_lock:
        balance = accounts[sender]
        if balance < amount:
            return Response({"error": "insufficient funds"}, status_code=409)
        await asyncio.to_thread(write_journal, data)
        accounts[sender] = balance - amount
        accounts[receiver] += amount
    return Response({"transferred": amount})


def write_journal(order: dict[str, object]) -> None:
    journal.write(json.dumps(order) + "\n")
    journal.flush()
    os.fsync(journal.fileno())


app = Litestar([show, transfer])

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "5003")))
