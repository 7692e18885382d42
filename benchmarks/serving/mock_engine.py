"""An OpenAI-shaped engine without a model, on loopback: says the system prompt back, a word every few milliseconds.

    python benchmarks/serving/mock_engine.py --port 9000 --milliseconds 5 --words 20 --pause 50 --slots 0

`--slots` is how many it answers at once (0: all), so that a multiple of what it can do is a known number. A question
"dies" ends the connection in the middle of a stream, "stalls" stops sending.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from typing import Any

from aiohttp import web


class Engine:
    """The two routes that a door needs."""

    def __init__(self, milliseconds: float, words: int, pause: float, slots: int) -> None:
        self._seconds, self._words, self._pause = milliseconds / 1000, words, pause / 1000
        self._slots: Any = asyncio.Semaphore(slots) if slots else contextlib.nullcontext()

    async def models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "mock", "object": "model"}]})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        said = body["messages"][0]["content"]
        async with self._slots:
            await asyncio.sleep(self._seconds)
            if body.get("stream"):
                return await self._stream(request, body, said)
        return web.json_response(self._reply({"message": {"role": "assistant", "content": said}, **END}, USAGE))

    async def _stream(self, request: web.Request, body: dict[str, Any], said: str) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await reply.prepare(request)
        question = body["messages"][-1]["content"]
        for n in range(self._words):
            text = said if n == 0 else f" {n}"
            await self._send(reply, self._reply({"delta": {"role": "assistant", "content": text}}))
            await asyncio.sleep(self._pause)
            if n == 1 and "dies" in question and request.transport is not None:
                request.transport.abort()
            if n == 1 and "stalls" in question:
                await asyncio.sleep(3600)
        await self._send(reply, self._reply({"delta": {}, **END}))
        await self._send(reply, {**self._reply(None), "usage": USAGE})
        await reply.write(b"data: [DONE]\n\n")
        return reply

    async def _send(self, reply: web.StreamResponse, value: dict[str, Any]) -> None:
        await reply.write(f"data: {json.dumps(value)}\n\n".encode())

    def _reply(self, choice: dict[str, Any] | None, usage: dict[str, int] | None = None) -> dict[str, Any]:
        kind = "chat.completion.chunk" if choice is None or "delta" in choice else "chat.completion"
        choices = [] if choice is None else [{"index": 0, "finish_reason": None, **choice}]
        whole = {"id": "m-1", "object": kind, "created": 1, "model": "mock", "choices": choices}
        return {**whole, "usage": usage} if usage else whole


END = {"finish_reason": "stop"}
USAGE = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--milliseconds", type=float, default=5.0, help="before the first word")
    parser.add_argument("--words", type=int, default=20)
    parser.add_argument("--pause", type=float, default=50.0, help="milliseconds between two words")
    parser.add_argument("--slots", type=int, default=0)
    options = parser.parse_args()

    async def application() -> web.Application:
        engine = Engine(options.milliseconds, options.words, options.pause, options.slots)
        app = web.Application()
        app.add_routes([web.get("/v1/models", engine.models), web.post("/v1/chat/completions", engine.chat)])
        return app

    web.run_app(application(), host="127.0.0.1", port=options.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
