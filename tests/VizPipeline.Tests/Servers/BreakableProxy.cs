using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VizPipeline.Tests.Servers;

/// <summary>A proxy to a server that a test can break: connections end midway, and new ones are refused until it is repaired.</summary>
public sealed class BreakableProxy : IDisposable
{
    private readonly int _target;
    private readonly List<Socket> _connections = [];
    private readonly Lock _gate = new();
    private TcpListener? _listener;
    private long _bytesLeft = long.MaxValue;

    public BreakableProxy(int target)
    {
        (_target, Port) = (target, TestServer.FreePorts(1));
        Mend();
    }

    public int Port { get; }

    public int Breaks { get; private set; }

    /// <summary>The answer to every request, which is then not forwarded: a proxy's error page, for example.</summary>
    public string? Answer { get; set; }

    /// <summary>Breaks the proxy after a number of further bytes in either direction, and mends it after a while.</summary>
    public void BreakAfter(long bytes) => Interlocked.Exchange(ref _bytesLeft, bytes);

    public void Break()
    {
        lock (_gate)
        {
            Breaks++;
            _listener?.Dispose();
            _listener = null;
            foreach (var connection in _connections)
                connection.Close(timeout: 0);
            _connections.Clear();
        }
    }

    public void Mend()
    {
        lock (_gate)
        {
            var listener = _listener = new TcpListener(IPAddress.Loopback, Port);
            listener.Start();
            _ = AcceptAsync(listener);
        }
    }

    public void Dispose() => Break();

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptSocketAsync());
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Broken.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            lock (_gate)
                _connections.AddRange([client, server]);
            if (Answer is { } answer)
            {
                await client.ReceiveAsync(new byte[65_536]);
                await client.SendAsync(Encoding.ASCII.GetBytes(answer));
                client.Shutdown(SocketShutdown.Send);
                await CopyAsync(client, to: null);
                return;
            }
            await server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Broken, or one side has closed its connection.
        }
        finally
        {
            client.Dispose();
        }
    }

    private async Task CopyAsync(Socket from, Socket? to)
    {
        var buffer = new byte[65_536];
        while (await from.ReceiveAsync(buffer) is > 0 and var count)
        {
            if (Interlocked.Add(ref _bytesLeft, -count) < 0)
            {
                Interlocked.Exchange(ref _bytesLeft, long.MaxValue);
                Break();
                _ = Task.Delay(TimeSpan.FromSeconds(2)).ContinueWith(_ => Mend(), TaskScheduler.Default);
                return;
            }
            if (to is not null)
                await to.SendAsync(buffer.AsMemory(0, count));
        }
    }
}
