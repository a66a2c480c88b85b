import { getCACertificates } from 'node:tls';
import { socksDispatcher } from 'fetch-socks';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { StowageError } from '../../model/errors.ts';

export interface DispatcherOptions {
  /** `http://`, `https://` or `socks5://`, with `user:password@` where the proxy asks for them. */
  proxy?: string;
  /** PEM: certificates to trust besides those that the system trusts. */
  ca?: string;
  /** PEM: for a gateway that wants to know who calls. */
  certificate?: { cert: string; key: string; passphrase?: string };
}

const connectTimeout = 10_000;

/** How requests reach the server: directly or through a proxy, and with which certificates. */
export function openDispatcher({ proxy, ca, certificate }: DispatcherOptions): Dispatcher {
  const trust = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
  const connect = { timeout: connectTimeout, ...trust, ...certificate };
  if (proxy === undefined) return new Agent({ connect });

  const url = URL.parse(proxy);
  const user = decodeURIComponent(url?.username ?? '');
  const password = decodeURIComponent(url?.password ?? '');
  switch (url?.protocol) {
    case 'http:':
    case 'https:':
      return new ProxyAgent({
        uri: url.origin,
        ...(user && { token: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
        proxyTls: { timeout: connectTimeout, ...trust },
        requestTls: connect,
      });
    case 'socks5:':
    case 'socks5h:':
      return socksDispatcher(
        {
          type: 5,
          host: url.hostname,
          port: Number(url.port || 1080),
          ...(user && { userId: user, password }),
        },
        { connect },
      );
    default:
      throw new StowageError('usage', 'That is not the address of a proxy.', {
        remedy: 'Give it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT.',
      });
  }
}
