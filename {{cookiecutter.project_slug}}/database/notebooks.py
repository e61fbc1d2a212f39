"""The notebooks' way to the database: a few places, and who takes them all takes only them.

The database itself gives one of its places to whoever connects, before any password.
"""

import asyncio
import os
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

from core import logs

PORT = 5432
PLACES = 8
"""More than the role may have (`notebook.sql`): it is PostgreSQL that says what is wrong."""


async def copied(reader: StreamReader, writer: StreamWriter) -> None:
    """Pass everything on until it ends."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def joined(reader: StreamReader, writer: StreamWriter) -> None:
    """Connect to the database, and pass everything on in both directions until one side ends."""
    answers, questions = await asyncio.open_connection(os.environ["DATABASE"], PORT)
    both = [asyncio.create_task(copied(reader, questions))]
    both.append(asyncio.create_task(copied(answers, writer)))
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)
    questions.close()


async def main() -> None:
    """Serve on the address in LISTEN, until the process ends."""
    places = asyncio.Semaphore(PLACES)

    async def enter(reader: StreamReader, writer: StreamWriter) -> None:
        if not places.locked():
            async with places:
                with suppress(OSError):
                    await joined(reader, writer)
        writer.close()

    server = await asyncio.start_server(enter, os.environ["LISTEN"], PORT)
    await server.serve_forever()


if __name__ == "__main__":
    logs.set_up()
    asyncio.run(main())
