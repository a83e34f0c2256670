using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VizPipeline.Tests.Cluster;

/// <summary>A TCP proxy in front of S3 that reports the first PUT of certain keys before the server sees it.</summary>
public sealed class PutWatch : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _server;
    private readonly string _part;
    private readonly Func<bool> _onPut;

    /// <param name="server">Port of the server.</param>
    /// <param name="part">What the keys contain.</param>
    /// <param name="onPut">Runs while the request waits, and returns whether to forward it to the server.</param>
    public PutWatch(int server, string part, Func<bool> onPut)
    {
        (_server, _part, _onPut) = (server, part, onPut);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            using (var server = new TcpClient())
            {
                await server.ConnectAsync(IPAddress.Loopback, _server, _end.Token);
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream(), watch: true),
                    CopyAsync(server.GetStream(), client.GetStream(), watch: false));
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // One side has closed its connection, so close the other.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool watch)
    {
        var buffer = new byte[65536];
        for (int count; (count = await from.ReadAsync(buffer, _end.Token)) > 0;)
        {
            // The first line of a request arrives in one piece: it is short and sent at once.
            if (watch && Encoding.ASCII.GetString(buffer, 0, Math.Min(count, 512)).Split('\r')[0] is var line
                && line.StartsWith("PUT ", StringComparison.Ordinal) && line.Contains(_part, StringComparison.Ordinal) && !_onPut())
                return;
            await to.WriteAsync(buffer.AsMemory(0, count), _end.Token);
        }
    }
}
