// The operator's console. It asks /api every second while somebody looks at it, and shows what it is told as text only.

const POINTS = 60; // of a chart, one a second
const PAGE = matchMedia('(max-width: 40rem)').matches ? 10 : 50;
const MAX_LINES = 300;
const ROUND = 1000;
const SLOW_ROUNDS = 2; // lists are asked for in each second round
const PATIENCE = 8000;
const LONG_PATIENCE = 30000; // a deletion is answered after 20 seconds, done or not
const TOKEN = 'seleucia-token';

const CODES = {
  1000: 'normal', 1002: 'protocol error', 1003: 'unsupported data', 1007: 'invalid data', 1009: 'message too large',
  1011: 'internal error', 1012: 'server restarts', 1013: 'try again later', 4000: 'slow consumer', 4001: 'timed out',
  4400: 'rate limit', 4401: 'login', 4403: 'disconnected',
};

const find = id => document.getElementById(id);

/** An element with a class, a text, and children. */
function make(name, {text, className, ...attributes} = {}, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text; // what does not change keeps its selection
}

// ---- numbers for people

const whole = new Intl.NumberFormat('en');

function rate(value) {
  return value < 10 && value > 0 ? value.toFixed(1) : whole.format(Math.round(value));
}

function bytes(value) {
  let unit = 0;
  while (value >= 1000 && unit < 4) {
    value /= 1000;
    unit++;
  }
  return [unit === 0 || value >= 100 ? whole.format(Math.round(value)) : value.toFixed(1), ['B', 'kB', 'MB', 'GB', 'TB'][unit]];
}

function span(seconds) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const at = Math.max(0, parts.findIndex(([size]) => seconds >= size || size === 1));
  const [size, unit] = parts[at];
  const rest = at < 3 && Math.floor((seconds % size) / parts[at + 1][0]);
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${parts[at + 1][1]}` : ''}`;
}

// ---- asking

class Wrong extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, change) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (change) headers['Content-Type'] = 'application/json';
  const answer = await fetch(path, {
    method: change ? 'POST' : 'GET',
    headers,
    body: change && JSON.stringify(change),
    cache: 'no-store',
    signal: AbortSignal.timeout(change ? LONG_PATIENCE : PATIENCE),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Wrong(answer.status, json.error ?? `the server answers with ${answer.status}`);
  return json;
}

// ---- charts

const SVG = 'http://www.w3.org/2000/svg';

/** A number with its last minute as a line. */
class Card {
  constructor(label, show) {
    this.show = show;
    this.points = [];
    this.value = make('span', {className: 'value'});
    this.unit = make('span', {className: 'unit'});
    const chart = document.createElementNS(SVG, 'svg');
    chart.setAttribute('viewBox', `0 0 ${POINTS - 1} 30`);
    chart.setAttribute('preserveAspectRatio', 'none');
    chart.setAttribute('aria-hidden', 'true');
    this.area = document.createElementNS(SVG, 'path');
    this.area.setAttribute('class', 'area');
    this.stroke = document.createElementNS(SVG, 'polyline');
    this.stroke.setAttribute('class', 'stroke');
    chart.append(this.area, this.stroke);
    this.peak = make('span', {className: 'label'});
    this.element = make('div', {className: 'card'},
      make('span', {className: 'label', text: label}), make('span', {}, this.value, this.unit), chart, this.peak);
  }

  add(point) {
    this.points.push(point);
    if (this.points.length > POINTS) this.points.shift();
    const [value, unit] = this.show(point);
    put(this.value, value);
    put(this.unit, unit);
    const most = Math.max(...this.points);
    put(this.peak, `peak ${this.show(most).join(' ')}`);
    const scale = most > 0 ? 28 / most : 0;
    const left = POINTS - this.points.length;
    const line = this.points.map((one, i) => `${left + i},${(29 - one * scale).toFixed(2)}`);
    this.stroke.setAttribute('points', line.join(' '));
    this.area.setAttribute('d', `M${left},30 L${line.join(' L')} L${POINTS - 1},30 Z`);
  }
}

const perSecond = value => [rate(value), '/s'];
const bytesPerSecond = value => [bytes(value)[0], `${bytes(value)[1]}/s`];

const cards = {
  connections: new Card('Connections', value => [whole.format(value), '']),
  published: new Card('Messages published', perSecond),
  delivered: new Card('Messages delivered', perSecond),
  latency: new Card('Publish, on average', value => [value < 10 ? value.toFixed(2) : rate(value), 'ms']),
  bytesIn: new Card('Received', bytesPerSecond),
  bytesOut: new Card('Sent', bytesPerSecond),
  queued: new Card('Waiting to be sent', bytes),
  slow: new Card('Slow consumers', value => [whole.format(value), '']),
};
find('cards').append(...Object.values(cards).map(card => card.element));

let before = null; // the status before, and when it came

function showStatus(status) {
  const now = performance.now();
  put(find('about'), `${status.server.replace('/', ' ')}, up ${span(status.uptimeSeconds)}`);
  const health = find('health');
  put(health, status.health.ok ? 'healthy' : status.health.draining ? 'draining' : 'not well');
  health.className = `pill ${status.health.ok ? 'good' : 'bad'}`;
  const warnings = (status.health.warnings ?? []).join('; ');
  trouble(status.health.ok ? warnings : `The server can’t serve: ${status.health.why}.`);

  const restarted = before && status.uptimeSeconds < before.status.uptimeSeconds;
  if (before && !restarted) {
    const seconds = (now - before.at) / 1000;
    const grown = name => Math.max(0, status[name] - before.status[name]);
    const published = grown('published');
    cards.published.add(published / seconds);
    cards.delivered.add(grown('delivered') / seconds);
    cards.latency.add(published > 0 ? grown('publishingSeconds') / published * 1000 : 0);
    cards.bytesIn.add(grown('bytesIn') / seconds);
    cards.bytesOut.add(grown('bytesOut') / seconds);
  }
  cards.connections.add(status.connections);
  cards.queued.add(status.queuedBytes);
  cards.slow.add(status.slowConsumers);
  before = {status, at: now};

  const ended = Object.entries(status.connectionsEnded).filter(([, count]) => count > 0);
  keyed(find('ended-rows'), ended, ([code]) => code,
    () => make('li', {}, make('span', {className: 'name'}), make('span')),
    (row, [code, count]) => {
      put(row.children[0], `${code} ${CODES[code] ?? ''}`);
      put(row.children[1], whole.format(count));
    });
  find('ended-empty').hidden = ended.length > 0;
}

// ---- lists

/** Brings the children of an element in line with a list; what stays is kept, with the focus that it may have. */
function keyed(parent, items, keyOf, create, update) {
  const present = new Map([...parent.children].map(child => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = present.get(key);
    present.delete(key);
    if (!child) {
      child = create(item);
      child.dataset.key = key;
    }
    if (child === next) {
      next = next.nextElementSibling;
    } else {
      parent.insertBefore(child, next);
    }
    update(child, item);
  }
  present.forEach(child => child.remove());
}

/** Buttons that go through a list that is given page by page. */
class Pages {
  constructor(id, reload) {
    this.offset = 0;
    this.text = make('span');
    this.back = make('button', {type: 'button', text: 'Previous'});
    this.on = make('button', {type: 'button', text: 'Next'});
    this.back.addEventListener('click', () => this.go(-PAGE, reload));
    this.on.addEventListener('click', () => this.go(PAGE, reload));
    this.element = find(id);
  }

  go(by, reload) {
    this.offset = Math.max(0, this.offset + by);
    reload();
  }

  show(total, shown) {
    if (shown === 0 && this.offset > 0) {
      this.offset = 0; // the list has become shorter meanwhile
    }
    if (total <= PAGE) {
      this.element.replaceChildren();
      return;
    }
    put(this.text, `${whole.format(this.offset + 1)}–${whole.format(this.offset + shown)} of ${whole.format(total)}`);
    this.back.disabled = this.offset === 0;
    this.on.disabled = this.offset + shown >= total;
    if (!this.element.firstChild) this.element.append(this.back, this.text, this.on);
  }
}

const sessionPages = new Pages('sessions-pages', () => quietly(showSessions));
const channelPages = new Pages('channels-pages', () => quietly(showChannels));

const LABELS = ['Client', 'Protocol', 'Address', 'Since', 'Channels', 'Waiting', ''];
const CLASSES = ['client', 'protocol', 'address', 'since', 'channels', 'number', 'actions'];

function sessionRow(session) {
  const cells = LABELS.map((label, i) => make('td', {className: CLASSES[i], 'data-label': label}));
  const button = make('button', {type: 'button', text: 'End …'});
  button.addEventListener('click', () => openClient(button.dataset.client));
  cells[6].append(button);
  cells.slice(0, 6).forEach(cell => cell.append(make('span')));
  return make('tr', {}, ...cells);
}

async function showSessions() {
  const query = new URLSearchParams({offset: sessionPages.offset, limit: PAGE, sort: find('sessions-sort').value});
  const client = find('sessions-client').value.trim();
  if (client) query.set('client', client);
  const {total, sessions} = await ask(`/api/sessions?${query}`);
  put(find('sessions-count'), whole.format(total));
  find('sessions-empty').hidden = total > 0;
  keyed(find('sessions-rows'), sessions, session => session.session, sessionRow, (row, session) => {
    const texts = [
      session.client || 'no name yet',
      session.protocol,
      session.address,
      new Date(session.since).toLocaleTimeString(),
      session.channels.length > 3
        ? `${session.channels.slice(0, 3).join(', ')} and ${session.channels.length - 3} more`
        : session.channels.join(', ') || '–',
      bytes(session.queuedBytes).join(' '),
    ];
    texts.forEach((text, i) => put(row.children[i].firstElementChild, text));
    row.children[0].classList.toggle('muted', !session.client);
    row.children[3].title = new Date(session.since).toLocaleString();
    row.children[5].classList.toggle('full', session.queuedBytes > 100_000);
    const button = row.children[6].firstElementChild;
    button.dataset.client = session.client;
    button.disabled = !session.client;
    button.setAttribute('aria-label', `End the sessions of ${session.client || 'a client without a name'}`);
  });
  sessionPages.show(total, sessions.length);
}

async function showChannels() {
  const query = new URLSearchParams({offset: channelPages.offset, limit: PAGE});
  const contains = find('channels-contains').value.trim();
  if (contains) query.set('contains', contains);
  const {total, channels} = await ask(`/api/channels?${query}`);
  put(find('channels-count'), whole.format(total));
  find('channels-empty').hidden = total > 0;
  keyed(find('channels-rows'), channels, one => one.channel, one => {
    const button = make('button', {type: 'button', className: 'link name', text: one.channel});
    button.addEventListener('click', () => openChannel(one.channel));
    return make('li', {}, button, make('span'));
  }, (row, one) => put(row.children[1], whole.format(one.sessions)));
  channelPages.show(total, channels.length);
}

// ---- the log

let newestLine = 0;

async function showLog() {
  const {lines} = await ask(`/api/log?after=${newestLine}`);
  const log = find('log');
  for (const {number, text} of lines) {
    newestLine = Math.max(newestLine, number);
    const level = /^\S+ (WARNING|ERROR)/.exec(text)?.[1].toLowerCase();
    log.append(make('li', {text, className: level ?? ''}));
  }
  while (log.children.length > MAX_LINES) log.firstElementChild.remove();
  find('log-empty').hidden = log.children.length > 0;
  if (lines.length && find('log-follow').checked) log.scrollTop = log.scrollHeight;
}

// ---- dialogs

document.querySelectorAll('dialog').forEach(dialog =>
  dialog.querySelectorAll('[data-close]').forEach(button => button.addEventListener('click', () => dialog.close())));

/** Asks before something is done; whether it is to be. */
function confirmed(title, text, yes, grave = false) {
  const dialog = find('confirm');
  put(find('confirm-title'), title);
  put(find('confirm-text'), text);
  put(find('confirm-yes'), yes);
  find('confirm-yes').className = grave ? 'danger' : 'primary';
  return new Promise(resolve => {
    const over = new AbortController();
    const done = answer => {
      over.abort();
      dialog.close();
      resolve(answer); // and not when the close event comes: by then it may have been opened again
    };
    const {signal} = over;
    find('confirm-yes').addEventListener('click', () => done(true), {signal});
    dialog.querySelector('[data-close]').addEventListener('click', () => done(false), {signal});
    dialog.addEventListener('cancel', () => done(false), {signal});
    dialog.showModal();
  });
}

function wrong(id, message) {
  put(find(id), message);
  find(id).hidden = !message;
}

let client = '';

function openClient(name) {
  client = name;
  put(find('client-title'), `What about ${name}?`);
  wrong('client-wrong', '');
  find('client').showModal();
}

async function endClient(path, change) {
  try {
    const {done} = await ask(path, change);
    if (!done) {
      wrong('client-wrong', 'It takes longer: the log says when it is done.');
      return;
    }
    find('client').close();
    await showSessions();
  } catch (problem) {
    wrong('client-wrong', `It failed: ${problem.message}.`);
  }
}

find('client-disconnect').addEventListener('click', () => endClient('/api/disconnect', {client}));
find('client-revoke').addEventListener('click', () => endClient('/api/revoke', {user: client}));
find('client-delete').addEventListener('click', async () => {
  if (await confirmed(`Delete what ${client} said?`, 'All messages under this name, in all channels and inboxes, are '
    + 'deleted for good.', 'Delete', true)) {
    await endClient('/api/delete', {sender: client});
  }
});
find('by-name').addEventListener('submit', event => {
  event.preventDefault();
  openClient(find('by-name-client').value.trim());
});

let channel = '';

async function openChannel(name) {
  channel = name;
  put(find('channel-title'), name);
  put(find('channel-members'), '');
  find('channel-messages').replaceChildren();
  find('channel-empty').hidden = true;
  wrong('publish-wrong', '');
  find('channel').showModal();
  await showChannel();
}

async function showChannel() {
  const query = new URLSearchParams({channel, limit: 50});
  try {
    const [history, members] = await Promise.all([ask(`/api/history?${query}`), ask(`/api/members?${query}`)]);
    put(find('channel-members'), `${whole.format(members.total)} ${members.total === 1 ? 'client' : 'clients'} on all `
      + `servers, ${whole.format(history.offset)} ${history.offset === 1 ? 'message' : 'messages'} so far`);
    find('channel-messages').replaceChildren(...history.messages.map(message => make('li', {},
      make('span', {className: 'who', text: `${new Date(message.time).toLocaleTimeString()} ${message.sender}  `}),
      message.text ?? JSON.stringify(message.data))));
    find('channel-messages').scrollTop = find('channel-messages').scrollHeight;
    find('channel-empty').hidden = history.messages.length > 0;
  } catch (problem) {
    put(find('channel-members'), `It can’t be read: ${problem.message}.`);
  }
}

find('channel-delete').addEventListener('click', async () => {
  if (!await confirmed(`Delete all messages in ${channel}?`, 'They are deleted for good, on all servers.', 'Delete',
    true)) return;
  try {
    const {done} = await ask('/api/delete', {channel});
    wrong('publish-wrong', done ? '' : 'It takes longer: the log says when it is done.');
    await showChannel();
  } catch (problem) {
    wrong('publish-wrong', `It failed: ${problem.message}.`);
  }
});

find('publish').addEventListener('submit', async event => {
  event.preventDefault();
  const text = find('publish-text').value;
  if (!await confirmed(`Publish in ${channel}?`, text, 'Publish')) return;
  try {
    await ask('/api/publish', {channel, text});
    find('publish-text').value = '';
    wrong('publish-wrong', '');
    await showChannel();
  } catch (problem) {
    wrong('publish-wrong', `It failed: ${problem.message}.`);
  }
});

// ---- the rounds

function trouble(text) {
  put(find('trouble'), text);
  find('trouble').hidden = !text;
}

function unreachable(problem) {
  if (problem instanceof Wrong && problem.status === 401) {
    const tried = sessionStorage.getItem(TOKEN);
    sessionStorage.removeItem(TOKEN);
    find('board').hidden = true;
    find('login').hidden = false;
    trouble(tried ? 'This is not the token of this server.' : '');
    put(find('health'), 'token needed');
    find('health').className = 'pill';
    find('token').focus();
    return;
  }
  put(find('health'), 'out of reach');
  find('health').className = 'pill bad';
  trouble(problem instanceof Wrong ? `The server refuses: ${problem.message}.`
    : 'The server can’t be reached. This page tries again every second.');
}

async function quietly(what) {
  try {
    await what();
  } catch (problem) {
    unreachable(problem);
  }
}

let rounds = 0;
let running = false;

async function round() {
  if (running || document.hidden || !find('login').hidden) return;
  running = true;
  try {
    showStatus(await ask('/api/status'));
    find('board').hidden = false;
    await showLog();
    if (rounds++ % SLOW_ROUNDS === 0) await Promise.all([showSessions(), showChannels()]);
  } catch (problem) {
    unreachable(problem);
  } finally {
    running = false;
  }
}

find('login').addEventListener('submit', event => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, find('token').value.trim());
  find('token').value = '';
  find('login').hidden = true;
  rounds = 0;
  round();
});
for (const id of ['sessions-client', 'sessions-sort']) {
  find(id).addEventListener('input', () => {
    sessionPages.offset = 0;
    quietly(showSessions);
  });
}
find('channels-contains').addEventListener('input', () => {
  channelPages.offset = 0;
  quietly(showChannels);
});
document.addEventListener('visibilitychange', round);
setInterval(round, ROUND);
round();
