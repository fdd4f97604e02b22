# serve.py PROGRAMS CHECK_SERVED, called by serve.sh: the tests of serve_cells, in a folder with the models `model` and
# `mapped`, the cells new.h5ad and what transfer_labels made of them, labelled.h5ad. Python's own library alone.
import collections
import http.client
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

programs, checker = sys.argv[1:3]
JSON, H5AD = 'application/json', 'application/x-hdf5'
failures = 0


def expect(right, what):
    global failures
    if not right:
        failures += 1
    print('right: ' if right else 'WRONG:', what, flush=True)


class Server:
    """serve_cells on a free port."""

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen([programs + '/serve_cells', *arguments, '--port', '0', '--quiet'],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, **environment})
        line = self.process.stdout.readline()
        match = re.search(r'at http://[^:]*:(\d+)/', line)
        if not match:
            raise SystemExit(f'WRONG: serve_cells does not start: {line}{self.process.stdout.read()}')
        self.port = int(match.group(1))
        self.headers = {}

    def connect(self, timeout=30):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)

    def ask(self, path, body=None, type=JSON, accept=None, connection=None, **headers):
        """-> status, bytes"""
        own = connection or self.connect()
        headers = {**self.headers, **{k.replace('_', '-'): v for k, v in headers.items()}}
        if body is not None:
            headers['Content-Type'] = type
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
        if accept:
            headers['Accept'] = accept
        own.request('GET' if body is None else 'POST', path, body, headers)
        answer = own.getresponse()
        out = answer.status, answer.read()
        if connection is None:
            own.close()
        return out

    def raw(self, data, seconds=10):
        """Sends bytes as they are; -> what came back."""
        with socket.create_connection(('127.0.0.1', self.port), timeout=seconds) as s:
            out = b''
            try:
                s.sendall(data)
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    out += piece
            except (ConnectionError, socket.timeout):
                pass
            return out

    def metric(self, name):
        text = self.ask('/metrics')[1].decode()
        return sum(float(line.rsplit(' ', 1)[1]) for line in text.splitlines() if re.match(name + r'[ {]', line))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        out = self.process.communicate(timeout=60)[0]
        return self.process.returncode, out


def head_of(path, length):
    return (f'POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
            f'Content-Length: {length}\r\n\r\n').encode()


def status_of(raw):
    return int(raw.split(b' ', 2)[1]) if raw.startswith(b'HTTP/1.1 ') else 0


def is_sentence(body):
    try:
        error = json.loads(body)['error']
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(error, str) and 10 < len(error) < 300 and '\n' not in error


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f'WRONG: {" ".join(command)} ends with {done.returncode}: {done.stderr}')
    return done.stdout


def cells_in(file):
    return floats(json.loads(run(checker, file)))


def floats(value):
    """Numbers of a JSON as C++ floats, which is what they were before they were written with fewer or more digits."""
    if isinstance(value, dict):
        return {key: floats(of) for key, of in value.items()}
    if isinstance(value, list):
        return [floats(of) for of in value]
    return struct.unpack('f', struct.pack('f', value))[0] if isinstance(value, float) else value


def write(name, content):
    with open(name, 'wb') as out:
        out.write(content)
    return name


def read(name):
    with open(name, 'rb') as file:
        return file.read()


cells = cells_in('new.h5ad')
body = {key: cells[key] for key in ('genes', 'cells', 'counts')}


# ---- what must be right before it starts

def refused_starts():
    for words, arguments in {
            'must bear a token': ['--from', 'model', '--host', '0.0.0.0'],
            'at least 16 letters': ['--from', 'model', '--token', 'short'],
            'cannot be opened': ['--from', 'nothing.safetensors'],
            "no model of kind 'generation'": ['--from', 'model/flow.safetensors'],
            'required': []}.items():
        done = subprocess.run([programs + '/serve_cells', *arguments], capture_output=True, text=True, timeout=60)
        expect(done.returncode == 2 and words in done.stderr, f'refused: {words}')


# ---- answers

def generated(server):
    level = json.loads(server.ask('/model')[1])['labels'][1]['name']
    request = {'labels': [level], 'count': 40, 'seed': 5, 'guidance': 1.5, 'steps': 10}
    run(programs + '/generate_cells', '--from', 'model', '--types', level, '--count', '40', '--seed', '5', '--guidance',
        '1.5', '--steps', '10', '--out', 'command.h5ad', '--quiet')
    by_command = cells_in('command.h5ad')
    status, answer = server.ask('/generate', request)
    found = floats(json.loads(answer))
    expect(status == 200 and found['labels'] == [level] * 40, '/generate gives cells of the label')
    found['counts'].pop('shape')
    expect([found[k] for k in ('genes', 'cells', 'counts', 'latents')] ==
           [by_command[k] for k in ('genes', 'cells', 'counts', 'latents')],
           '/generate gives the cells of generate_cells')
    status, file = server.ask('/generate', request, accept=H5AD)
    expect(cells_in(write('served.h5ad', file)) == by_command, '/generate as h5ad gives the file of generate_cells')
    expect(server.ask('/generate', request)[1] == answer and server.ask('/generate', request, accept=H5AD)[1] == file,
           'the same seed gives the same bytes')
    other = server.ask('/generate', {**request, 'seed': 6})[1]
    expect(floats(json.loads(other))['latents'] != found['latents'], 'another seed gives other cells')
    bare = floats(json.loads(server.ask('/generate', {**request, 'counts': False})[1]))
    expect(bare['latents'] == found['latents'] and 'counts' not in bare, 'latents alone are the same')
    run(programs + '/generate_cells', '--from', 'model', '--count', '30', '--out', 'all.h5ad', '--quiet')
    found = floats(json.loads(server.ask('/generate', {'count': 30})[1]))
    expect(found['latents'] == cells_in('all.h5ad')['latents'], 'without labels the composition is that of training')


def dense(counts, genes):
    rows = []
    for a, b in zip(counts['indptr'], counts['indptr'][1:]):
        row = [0] * genes
        for k in range(a, b):
            row[counts['indices'][k]] = counts['data'][k]
        rows.append(row)
    return rows


def encoded(server, model):
    right = floats(json.loads(run(checker, model, 'new.h5ad')))
    status, answer = server.ask('/encode', body)
    found = floats(json.loads(answer))
    expect(status == 200 and found['latents'] == right, '/encode gives the latents of encode()')
    expect(found['cells'] == cells['cells'] and found['shared_genes'] == 135,
           '/encode says which cells, and shared genes')
    rows = dense(cells['counts'], len(cells['genes']))
    expect(floats(json.loads(server.ask('/encode', {**body, 'counts': rows})[1]))['latents'] == right,
           'dense rows are the same')
    order = list(range(len(cells['genes'])))
    random.Random(1).shuffle(order)
    place = {g: i for i, g in enumerate(order)}
    mixed = {'genes': [cells['genes'][g] for g in order],
             'counts': {**cells['counts'], 'indices': [place[g] for g in cells['counts']['indices']]}}
    expect(floats(json.loads(server.ask('/encode', mixed)[1]))['latents'] == right,
           'genes in another order are the same')
    file = read('new.h5ad')
    expect(server.ask('/encode', file, H5AD)[1] == answer, 'h5ad in gives the same JSON')
    status, out = server.ask('/encode', file, H5AD, accept=H5AD)
    out = cells_in(write('encoded.h5ad', out))
    expect(out['latents'] == right and out['counts'] == cells['counts'], 'h5ad out has counts and latents')
    own = {'counts': [[1] * len(json.loads(server.ask('/model')[1])['genes'])]}
    expect(server.ask('/encode', own)[0] == 200, "without names the genes are the model's")
    expect(server.ask('/encode', {**own, 'cells': ['\u00e9 "\\ \U0001f600']})[1].startswith(
        b'{"cells":["' + '\u00e9 \\"\\\\ \U0001f600'.encode() + b'"]'), 'names of cells come back as they were')


def transferred(server):
    by_command = cells_in('labelled.h5ad')
    found = floats(json.loads(server.ask('/transfer', body)[1]))
    obs = by_command['obs']
    expect(found['labels'] == obs['cell_type'] and found['latents'] == by_command['latents'],
           '/transfer gives the labels of transfer_labels')
    expect(found['confidence'] == obs['cell_type_confidence'] and found['distance'] == obs['cell_type_distance'],
           '/transfer gives its confidences and distances')
    status, out = server.ask('/transfer', read('new.h5ad'), H5AD, accept=H5AD)
    expect(cells_in(write('transferred.h5ad', out)) == by_command,
           '/transfer as h5ad gives the file of transfer_labels')
    expect(server.ask('/generate', {'count': 5})[0] == 200, 'a mapping model generates too')


# ---- refusals

def refusals(server, most_cells):
    one = {'genes': cells['genes'][:2], 'counts': [[1, 2]]}
    counts = cells['counts']
    for status, words, path, given, more in [
            (404, 'no such path', '/none', None, {}),
            (404, 'labels none', '/transfer', one, {}),
            (422, "parameter 'x'", '/encode?x=1', one, {}),
            (422, "parameter 'layer'", '/encode?layer=raw', one, {}),
            (405, 'takes POST', '/encode', None, {}),
            (405, 'takes GET', '/model', one, {}),
            (415, 'Content-Type', '/encode', one, {'type': 'text/plain'}),
            (415, 'Content-Type', '/generate', b'x', {'type': H5AD}),
            (415, 'compressed', '/encode', one, {'Content_Encoding': 'gzip'}),
            (406, 'types', '/encode', one, {'accept': 'text/csv'}),
            (400, 'JSON', '/encode', b'{"genes": ["a"', {}),
            (400, 'JSON', '/encode', b'', {}),
            (400, 'JSON', '/encode', b'[]', {}),
            (400, 'JSON', '/encode', b'{} {}', {}),
            (400, 'JSON', '/encode', b'{"counts": [[1, nan]]}', {}),
            (400, 'JSON', '/encode', b'{"counts": ' + b'[' * 100000, {}),
            (400, 'JSON', '/encode', {**one, 'counts': {'indptr': [0, 1], 'indices': [1.5], 'data': [1]}}, {}),
            (400, 'JSON', '/generate', b'{"seed": -1}', {}),
            (400, 'twice', '/encode', b'{"counts": [[1, 2]], "counts": [[3, 4]]}', {}),
            (400, 'twice', '/encode', b'{"counts": {"indptr": [0], "indptr": [0]}}', {}),
            (400, 'twice', '/encode', b'{"genes": ["a"], "genes": ["b"]}', {}),
            (400, 'twice', '/generate', b'{"seed": 1, "seed": 2}', {}),
            (400, 'HDF5', '/encode', b'no file', {'type': H5AD}),
            (422, 'no counts', '/encode', {}, {}),
            (422, "field 'x'", '/encode', {**one, 'x': 1}, {}),
            (422, "field 'x'", '/generate', {'x': 1}, {}),
            (422, 'no cells', '/encode', {**one, 'counts': []}, {}),
            (422, 'whole numbers', '/encode', {**one, 'counts': [[1, 0.5]]}, {}),
            (422, 'whole numbers', '/encode', {**one, 'counts': [[1, -1]]}, {}),
            (422, 'whole numbers', '/encode', {**one, 'counts': [[1, 1e9]]}, {}),
            (422, '3 columns', '/encode', {**one, 'counts': [[1, 0, 2]]}, {}),
            (422, 'row 2', '/encode', {**one, 'counts': [[1, 0], [2]]}, {}),
            (422, 'names of cells', '/encode', {**one, 'cells': ['a', 'b']}, {}),
            (422, 'must ascend', '/encode', {**body, 'counts': {**counts, 'indptr': [0, 9, 3]}}, {}),
            (422, 'ends with', '/encode', {**body, 'counts': {**counts, 'indptr': [0, 1]}}, {}),
            (422, 'an index', '/encode', {**one, 'counts': {'indptr': [0, 1], 'indices': [7], 'data': [1]}}, {}),
            (422, 'an index', '/encode', {**one, 'counts': {'indptr': [0, 1], 'indices': [-1], 'data': [1]}}, {}),
            (422, 'twice', '/encode', {**one, 'counts': {'indptr': [0, 2], 'indices': [1, 1], 'data': [1, 1]}}, {}),
            (422, 'none of', '/encode', {'genes': ['q'], 'counts': [[1]]}, {}),
            (422, "no label 'none'", '/generate', {'labels': ['none']}, {}),
            (422, 'count must be', '/generate', {'count': 0}, {}),
            (422, 'steps must be', '/generate', {'steps': 0}, {}),
            (422, 'guidance must be', '/generate', {'guidance': 1e30}, {}),
            (413, 'cells', '/generate', {'count': most_cells + 1}, {}),
            (413, 'cells', '/encode', {**one, 'counts': [[1, 2]] * (most_cells + 1)}, {}),
            (413, 'bytes', '/generate', b' ' * 2000000, {})]:
        found, answer = server.ask(path, given, **more)
        expect(found == status and is_sentence(answer) and words.encode() in answer,
               f'{status}: {answer.decode(errors="replace").strip()}' if found == status else
               f'{path} {words}: {found} {answer}')
    status, answer = server.ask('/encode?layer=nothing', read('new.h5ad'), H5AD)
    expect(status == 422 and b"layer 'nothing'" in answer and b'/tmp' not in answer,
           'a layer that is not there is named')


def wire(server):
    """What no client library sends."""
    head = b'POST /encode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    for status, what, data in [
            (411, 'no length', head + b'Connection: close\r\n\r\n'),
            (411, 'pieces', head + b'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'),
            (411, 'two lengths', head + b'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'),
            (411, 'a length that is none', head + b'Content-Length: -2\r\n\r\n{}'),
            (413, 'ten gigabytes', head + b'Content-Length: 10000000000\r\n\r\n' + b'x' * 1000000),
            (413, 'ten gigabytes after asking', head + b'Expect: 100-continue\r\nContent-Length: 10000000000\r\n\r\n'),
            (400, 'no HTTP', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'),
            (400, 'no path', b'GET\r\n\r\n'),
            (431, 'endless headers', b'GET / HTTP/1.1\r\n' + b'a: b\r\n' * 100000),
            (403, 'another host', b'GET /model HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
            *[(403, f'the host {host}', f'GET /model HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'.encode())
              for host in ('127.evil.example', '127.0.0.1.nip.io', '127.0.0.1.nip.io:80', '128.0.0.1', '127.1',
                           'localhost.evil.example', '[::1].evil.example', '[::1', '[127.0.0.1]', 'localhost:evil',
                           '127.0.0.1:80:80')],
            *[(200, f'the host {host}', f'GET /model HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n'.encode())
              for host in ('127.0.0.1', '127.8.9.10:80', 'localhost', 'localhost:8080', '[::1]', '[::1]:8080')],
            (403, 'no host', b'GET /model HTTP/1.1\r\nConnection: close\r\n\r\n')]:
        raw = server.raw(data)
        expect(status_of(raw) == status and (status == 200 or is_sentence(raw.split(b'\r\n\r\n')[-1])),
               f'{status}: {what}')
    for what, line in [('ranges', b'Range: bytes=' + b'0-1,' * 1900 + b'0-1'), ('a long value', b'A: ' + b'b' * 8000)]:
        raw = server.raw(b'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' + line + b'\r\n\r\n')
        expect(status_of(raw) in (200, 400), f'{what} are lived with')
    raw = server.raw(b'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n' * 3 +
                     b'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(raw.count(b'HTTP/1.1 200') == 4, 'four requests at once are answered in turn')


def views(server):
    """A body that is a view of other files shows none of them, not even where they lie beside it."""
    run(programs + '/generate_cells', '--from', 'model', '--count', '30', '--steps', '2', '--shards', '20', '--out',
        'shards', '--quiet')
    # Into TMPDIR of the server, where a body lies too.
    parts = [name for name in os.listdir('shards') if name.endswith('.h5ad') and name != 'whole.h5ad']
    for name in parts:
        write(name, read('shards/' + name))
    for accept in (JSON, H5AD):
        status, answer = server.ask('/encode', read('shards/whole.h5ad'), H5AD, accept=accept)
        expect(status == 422 and is_sentence(answer) and b'view' in answer, f'a view of {len(parts)} files is refused')
    for name in parts:
        os.unlink(name)


def body_folders(server):
    """While a body arrives it lies in a folder that others cannot open, and which goes with it."""
    data = read('new.h5ad')
    with socket.create_connection(('127.0.0.1', server.port)) as s:
        s.sendall(head_of('/encode', len(data)).replace(JSON.encode(), H5AD.encode()) + data[:100])
        end, found = time.time() + 5, []
        while not found and time.time() < end:
            time.sleep(.05)
            found = [name for name in os.listdir('.') if name.startswith('latentcell-')]
        modes = [os.stat(name).st_mode & 0o777 for name in found]
        expect(modes == [0o700], f'a body has a folder of its own: {[oct(m) for m in modes]}')
        s.sendall(data[100:])
        expect(status_of(s.recv(65536)) == 200, 'which is read')
    expect(not [name for name in os.listdir('.') if name.startswith('latentcell-')], 'and is gone afterwards')


def half_closed(server):
    """A client that has no more to send still waits for its answer."""
    request = json.dumps({'count': 500, 'steps': 40}).encode()
    with socket.create_connection(('127.0.0.1', server.port), timeout=30) as s:
        s.sendall(head_of('/generate', len(request)) + request)
        s.shutdown(socket.SHUT_WR)
        data = b''
        while piece := s.recv(65536):
            data += piece
    expect(status_of(data) == 200, f'a half-closed connection gets its answer: {data[:100]}')


def refused_uploads(server):
    """More clients than there are workers go on sending bodies that were refused: they keep none."""
    head = head_of('/none', 10000000)
    clients = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(100)]
    for s in clients:
        s.sendall(head)
    time.sleep(.2)
    begin = time.time()
    status = server.ask('/health')[0]
    seconds = time.time() - begin
    expect(status == 200 and seconds < .7, f'refused uploads keep no worker: {seconds:.2f} s')
    found = collections.Counter()
    for s in clients:
        s.settimeout(5)
        found[status_of(s.recv(4096))] += 1
        s.close()
    expect(dict(found) == {404: 100}, f'and all are told: {dict(found)}')


def damaged(server):
    """Bodies with some bytes changed or cut off: an answer or a sentence, and the server lives."""
    rng = random.Random(7)
    end = cells['counts']['indptr'][3]
    counts = {'indptr': cells['counts']['indptr'][:4], 'indices': cells['counts']['indices'][:end],
              'data': cells['counts']['data'][:end]}
    few = {'genes': cells['genes'], 'counts': counts}
    text, file = json.dumps(few).encode(), read('new.h5ad')
    expect(server.ask('/encode', text)[0] == 200, 'a body to damage')
    statuses = collections.Counter()
    for i in range(160):
        is_file = i % 8 == 0
        data = bytearray(file if is_file else text)
        for _ in range(rng.randrange(1, 9)):
            byte = rng.randrange(256) if is_file else rng.choice(b'{}[]",:0-9.eE\x00\xff\\')
            data[rng.randrange(len(data))] = byte
        if rng.random() < .3:
            del data[rng.randrange(len(data)):]
        status, answer = server.ask('/encode', bytes(data), H5AD if is_file else JSON)
        statuses[status] += 1
        if status not in (200, 400, 413, 422) or (status != 200 and not is_sentence(answer)):
            expect(False, f'a damaged body: {status} {answer[:300]}')
    expect(server.process.poll() is None, f'damaged bodies: {dict(statuses)}')


# ---- slow, many and dying clients

def slow(server):
    """Limits of this server: two seconds."""
    drips = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(60)]
    for s in drips:
        s.sendall(b'GET /health HTT')
    bodies = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(8)]
    for s in bodies:
        s.sendall(head_of('/encode', 1000) + b'{')
    sleeper = socket.create_connection(('127.0.0.1', server.port))
    request = json.dumps({'count': 1000, 'steps': 1}).encode()
    sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sleeper.sendall(head_of('/generate', len(request)) + request)
    end, byte, statuses = time.time() + 3.2, 0, collections.Counter()
    while time.time() < end:
        statuses[server.ask('/generate', {'count': 5})[0]] += 1
        byte += 1
        for s in drips + bodies:
            try:
                s.send(b' ' if byte % 2 else b'')
            except OSError:
                pass
        time.sleep(0.1)
    expect(list(statuses) == [200], f'requests beside slow clients are answered: {dict(statuses)}')

    def ends(s, status):
        s.settimeout(6)
        data = b''
        try:
            while True:
                piece = s.recv(4096)
                if not piece:
                    break
                data += piece
        except ConnectionError:
            pass
        except socket.timeout:
            return False
        return status_of(data) in (status, 0)
    expect(all(ends(s, 408) for s in drips), 'slow heads end with 408')
    expect(all(ends(s, 400) for s in bodies), 'slow bodies end with 400')
    expect(server.metric('latentcell_requests_in_flight') == 1, 'no slow client holds the server')
    for s in drips + bodies + [sleeper]:
        s.close()


def load(server):
    """1,000 requests of 16 clients; every answer is the one that its seed has alone."""
    kinds = [('/generate', {'count': 1 + n, 'seed': n, 'steps': 4}, JSON, None) for n in range(6)]
    kinds += [('/encode', body, JSON, None), ('/encode', read('new.h5ad'), H5AD, None),
              ('/generate', {'count': 20, 'steps': 4}, JSON, H5AD), ('/transfer', body, JSON, None)]
    kinds = [(path, json.dumps(given) if isinstance(given, dict) else given, type, accept)
             for path, given, type, accept in kinds]
    right = [server.ask(*kind[:3], accept=kind[3]) for kind in kinds]
    expect(all(status == 200 for status, _ in right), 'answers to compare with')
    wrong, times, count = [], [], [0]
    lock = threading.Lock()

    def client(seed):
        rng = random.Random(seed)
        connection = server.connect()
        while True:
            with lock:
                if count[0] >= 1000:
                    break
                count[0] += 1
            # Files go through one door: fewer of them.
            which = rng.choices(range(len(kinds)), [4] * 6 + [4, 1, 1, 4])[0]
            begin = time.time()
            try:
                found = server.ask(*kinds[which][:3], accept=kinds[which][3], connection=connection)
            except (OSError, http.client.HTTPException) as e:
                found = repr(e)
            times.append(time.time() - begin)
            if found != right[which]:
                wrong.append((kinds[which][0], str(found)[:200]))
        connection.close()

    def victims():
        """Clients that are killed with kill -9, or cut their connection, in the middle of what they do."""
        code = '''import http.client, json, sys
while True:
    c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    c.request("POST", "/generate", json.dumps({"count": 400, "steps": 4}), {"Content-Type": "application/json"})
    c.getresponse().read()'''
        rng = random.Random(3)
        while count[0] < 1000:
            child = subprocess.Popen([sys.executable, '-c', code, str(server.port)], stderr=subprocess.DEVNULL)
            cut = socket.create_connection(('127.0.0.1', server.port))
            cut.sendall(head_of('/encode', 90000) + b'{"counts"')
            time.sleep(rng.uniform(.1, .5))
            cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            cut.close()
            child.kill()
            child.wait()

    def all_clients(n):
        threads = [threading.Thread(target=client, args=(i,)) for i in range(n)]
        for t in threads:
            t.start()
        return threads

    count[0] = 800
    for t in all_clients(16):
        t.join()
    memory = server.metric('process_resident_memory_bytes')
    count[0], begin = 0, time.time()
    del times[:]
    killer = threading.Thread(target=victims)
    killer.start()
    for t in all_clients(16):
        t.join()
    killer.join()
    seconds = time.time() - begin
    expect(not wrong, f'1,000 requests of 16 clients in {seconds:.1f} s, median {sorted(times)[500] * 1e3:.0f} ms; '
                      f'{len(wrong)} wrong answers {wrong[:2]}')
    # What killed clients asked for may still be computed.
    end, grown, left = time.time() + 10, 1e9, 2
    while (grown > 8e6 or left > 1) and time.time() < end:
        time.sleep(.1)
        grown = server.metric('process_resident_memory_bytes') - memory
        left = server.metric('latentcell_requests_in_flight')
    expect(grown < 16e6, f'memory grew by {grown / 1e6:.1f} MB, of {memory / 1e6:.0f} MB')
    expect(left == 1, 'killed clients leave nothing behind')


def late():
    server = Server('--from', 'model', '--seconds', '1', '--jobs', '1', '--queue', '2')
    found = []
    long = {'count': 9000, 'steps': 1000, 'counts': False}
    threads = [threading.Thread(target=lambda: found.append(server.ask('/generate', long))) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    statuses = collections.Counter(status for status, _ in found)
    # One is computed, two wait, three find no place; one that waits may begin in the last moment of its time.
    expect(1 <= statuses[504] <= 3 and statuses[503] == 6 - statuses[504] and all(is_sentence(b) for _, b in found),
           f'requests that are late, and that find no place: {dict(statuses)}')
    expect(server.ask('/generate', {'count': 5})[0] == 200, 'the late one was given up')
    connection = server.connect()
    connection.request('POST', '/generate', json.dumps(long), {'Content-Type': JSON})
    time.sleep(.2)
    # Cut off: the end of what it sends alone does not say that it went away.
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.close()
    expect(server.ask('/generate', {'count': 5})[0] == 200, 'so is one whose client went away')
    server.end()


def token():
    server = Server('--from', 'model', '--host', '0.0.0.0', LATENTCELL_TOKEN='a-token-of-the-test')
    for path in ('/model', '/metrics', '/map'):
        expect(server.ask(path)[0] == 401, f'{path} asks for the token')
    for wrong in ('Bearer a-token-of-the-tesT', 'Bearer a-token-of-the-test2', 'Bearer ',
                  'Basic a-token-of-the-test', ''):
        status, answer = server.ask('/encode', b'x' * 100000, Authorization=wrong)
        expect(status == 401 and is_sentence(answer), f'a wrong token: {wrong}')
    expect(server.ask('/health')[0] == 200 and server.ask('/')[0] == 200, '/health and the page are open')
    server.headers = {'Authorization': 'Bearer a-token-of-the-test'}
    expect(server.ask('/generate', {'count': 3})[0] == 200, 'the right token')
    expect(server.ask('/model', Host='cells.example.org')[0] == 200, 'under any name')
    server.end()


def drains(server):
    """A request under way when the end is asked for is answered, and the program ends well."""
    found = []
    idle = server.connect()
    server.ask('/health', connection=idle)
    thread = threading.Thread(target=lambda: found.append(server.ask('/generate', {'count': 800, 'steps': 60})))
    thread.start()
    time.sleep(.3)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(.1)
    try:
        server.connect(2).request('GET', '/health')
        refused = False
    except OSError:
        refused = True
    thread.join()
    out = server.process.communicate(timeout=30)[0]
    expect(found[0][0] == 200, 'the request under way is answered')
    expect(refused, 'no new connection is taken')
    expect(server.process.returncode == 0 and 'all requests were answered' in out, 'the program ends with 0')
    if out.count('\n') > 3:
        expect(False, 'it says more than it should: ' + out)


refused_starts()
server = Server('--from', 'model', '--cells', '2000', '--body', '20', '--jobs', '2')
generated(server)
encoded(server, 'model/model.safetensors')
refusals(server, 2000)
wire(server)
views(server)
body_folders(server)
half_closed(server)
refused_uploads(server)
damaged(server)
in_use = subprocess.run([programs + '/serve_cells', '--from', 'model', '--port', str(server.port)], capture_output=True,
                        text=True, timeout=60)
expect(in_use.returncode == 2 and 'cannot listen' in in_use.stderr, 'an address in use is refused')
expect(server.metric('latentcell_requests_total') > 200, 'requests are counted')
drains(server)
server = Server('--from', 'mapped/mapped.safetensors', '--seconds', '2', '--jobs', '2')
transferred(server)
slow(server)
server.end()
server = Server('--from', 'mapped/mapped.safetensors', '--jobs', '2')
load(server)
expect(server.end()[0] == 0, 'the end after load')
late()
token()
left = [name for name in os.listdir('.') if name.startswith('latentcell-')]
expect(not left, f'no temporary files are left: {left}')
sys.exit(1 if failures else 0)
