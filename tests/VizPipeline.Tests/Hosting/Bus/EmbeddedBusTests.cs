using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VizPipeline.Hosting;

namespace VizPipeline.Tests.Hosting.Bus;

public class EmbeddedBusTests
{
    [Fact]
    public async Task Faults_of_the_bus_are_logged_until_the_process_stops()
    {
        using var log = new ScopedLog();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(log);
        builder.AddEmbeddedBus();
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var factory = host.Services.GetRequiredService<ILoggerFactory>();
        var (bus, ours) = (factory.CreateLogger("MassTransit.ReceiveTransport"), factory.CreateLogger("VizPipeline"));

        Log(bus, "fault while it runs");
        await host.StopAsync(TestContext.Current.CancellationToken);
        Log(bus, "fault after it has stopped");
        Log(ours, "fault of ours");

        Assert.Equal(
            ["fault while it runs", "fault of ours"],
            log.Lines.Select(line => line.Message).Where(message => message.StartsWith("fault", StringComparison.Ordinal)));
    }

    private static void Log(ILogger logger, string message) =>
        logger.Log(LogLevel.Error, default, message, null, (text, _) => text);
}
