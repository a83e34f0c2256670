using MassTransit;
using Microsoft.Extensions.Hosting;

namespace VizPipeline.Hosting;

/// <summary>The bus that sends, over a connection of its own. It starts before the bus that receives, and stops after it.</summary>
/// <remarks>
/// RabbitMQ.Client reports a lost connection to one channel after another, and at each waits for the receivers that are running on it. A
/// receiver that sends over that connection would wait for a channel that hears of the loss only after it: neither would continue until a
/// timeout.
/// </remarks>
/// <param name="create">Creates the bus when it is first needed, after the settings have been checked.</param>
/// <param name="services">The host's services, among them the log.</param>
internal sealed class SendBus(Func<IBusControl> create, IServiceProvider services) : IHostedService
{
    private readonly Lazy<IBusControl> bus = new(() =>
    {
        LogContext.ConfigureCurrentLogContextIfNull(services);
        return create();
    });

    private Task start = Task.CompletedTask;

    public IBusControl Bus => bus.Value;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Not awaited: the broker may be away, and what depends on it waits by itself.
        start = Bus.StartAsync(CancellationToken.None);
        return start.IsFaulted ? start : Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Bus.StopAsync(cancellationToken);
        await start.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
