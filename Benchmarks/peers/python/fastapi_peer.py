"""A peer to measure Postern against: FastAPI on uvicorn (uvloop, httptools), and aiosmtplib on kept sessions.

UPSTREAM is the relay (host:port), POOL the number of sessions of this process; uvicorn is told address and processes.
asyncio and uvloop turn TCP_NODELAY on for both sides. A session that the relay has closed is opened again.
"""

import asyncio
import os
from contextlib import asynccontextmanager

import aiosmtplib
from composed import compose
from fastapi import FastAPI, Request

HOST, PORT = os.environ["UPSTREAM"].split(":")
sessions = asyncio.Queue()


@asynccontextmanager
async def lifespan(_):
    for _ in range(int(os.environ["POOL"])):
        sessions.put_nowait(aiosmtplib.SMTP(hostname=HOST, port=int(PORT), start_tls=False, use_tls=False))
    yield

app = FastAPI(lifespan=lifespan)


@app.get("/livez")
async def livez():
    return "ok"


@app.post("/messages")
async def messages(request: Request):
    sender, recipients, content = compose(await request.json())
    session = await sessions.get()
    try:
        if not session.is_connected:
            await session.connect()
        _, text = await session.sendmail(sender, recipients, content)
    finally:
        sessions.put_nowait(session)
    return {"status": "accepted", "code": 250, "text": text, "accepted": recipients}
