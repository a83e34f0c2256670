using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VizPipeline.Cli.Cluster;

namespace VizPipeline.Tests.Cli.Cluster;

/// <summary>Large objects over slow connections: silence ends a transfer, not its length.</summary>
public sealed class CoordinatorClientTests
{
    private const int Megabyte = 1 << 20;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_transfer_may_take_longer_than_the_longest_silence()
    {
        await using var server = await StartAsync(async request =>
        {
            // 48 MB, of which the buffers of the connection hold a few.
            var buffer = new byte[4 * Megabyte];
            while (await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length)
                await Task.Delay(TimeSpan.FromSeconds(0.5), TestContext.Current.CancellationToken);
        });
        var watch = Stopwatch.StartNew();
        await SendAsync(server.Urls.Single(), 48 * Megabyte);
        Assert.True(watch.Elapsed > Silence * 2, $"{watch.Elapsed}");
    }

    [Fact]
    public async Task A_server_that_takes_nothing_is_given_up()
    {
        // Only the system answers, by accepting the connection and a few buffers.
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var failure = await Assert.ThrowsAsync<ServiceAwayException>(() => SendAsync($"http://{server.LocalEndpoint}", 48 * Megabyte));
        Assert.EndsWith("did not respond in time", failure.Message, StringComparison.Ordinal);
    }

    private static async Task SendAsync(string address, int bytes)
    {
        using var client = new CoordinatorClient(address, Silence);
        await client.SendObjectAsync(
            "demo", new string('1', 64), "spec.json", new string('0', 64), isThere: false, () => new MemoryStream(new byte[bytes]),
            TestContext.Current.CancellationToken);
    }

    private static async Task<WebApplication> StartAsync(Func<HttpRequest, Task> receive)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.Limits.MinRequestBodyDataRate = null;
        });
        var app = builder.Build();
        app.Run(context => receive(context.Request));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
