using MassTransit;
using Microsoft.Extensions.Hosting;

namespace VizPipeline.Hosting;

/// <summary>The bus that sends, over a connection of its own. It starts before the bus that receives, and stops after it.</summary>
/// <remarks>
/// When a channel closes, RabbitMQ.Client stops reading its connection until the receivers that run on the channel have returned. A
/// receiver that then sends over the same connection waits for an answer of the broker that nobody reads: neither continues until a
/// timeout. After a restart of the broker this lasted for minutes.
/// </remarks>
/// <param name="create">Creates the bus when it is first needed, after the settings have been checked.</param>
/// <param name="services">The host's services, among them the log.</param>
internal sealed class SendBus(Func<IBusControl> create, IServiceProvider services) : IHostedService
{
    private readonly Lazy<IBusControl> _bus = new(() =>
    {
        LogContext.ConfigureCurrentLogContextIfNull(services);
        return create();
    });

    private Task _start = Task.CompletedTask;

    public IBusControl Bus => _bus.Value;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Not awaited: the broker may be away, and what depends on it waits by itself.
        _start = Bus.StartAsync(CancellationToken.None);
        return _start.IsFaulted ? _start : Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Bus.StopAsync(cancellationToken);
        await _start.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
