using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace VizPipeline.Hosting;

/// <summary>
/// Common part of both MassTransit transports. The bus is resolved late, because it is built from receivers that themselves send.
/// </summary>
/// <param name="services">The host's services.</param>
/// <param name="addressOf">Turns a queue's name into the address that its messages are sent to.</param>
internal class MassTransitTransport(IServiceProvider services, Func<string, Uri> addressOf) : IBusTransport
{
    /// <summary>The host's services.</summary>
    protected IServiceProvider Services => services;

    /// <summary>The bus that receives.</summary>
    protected IBusControl Receiving => services.GetRequiredService<IBusControl>();

    /// <summary>The bus that sends.</summary>
    protected virtual IBusControl Bus => Receiving;

    public virtual Task WaitUntilReadyAsync(CancellationToken cancellation) =>
        Bus.WaitForHealthStatus(BusHealthStatus.Healthy, cancellation);

    public virtual async Task SendAsync(string queue, BusMessage message, CancellationToken cancellation)
        => await (await Bus.GetSendEndpoint(addressOf(queue))).Send(message, Prepare, cancellation);

    public async Task BroadcastAsync(string queue, BusMessage message, CancellationToken cancellation)
        => await (await Bus.GetSendEndpoint(addressOf(queue))).Send(message, cancellation);

    public async Task<BusMessage> AskAsync(string queue, BusMessage request, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            var client = Bus.CreateRequestClient<BusMessage>(addressOf(queue), patience);
            return (await client.GetResponse<BusMessage>(request, cancellation)).Message;
        }
        catch (RequestTimeoutException late)
        {
            throw new TimeoutException(late.Message, late);
        }
        catch (RequestFaultException fault)
        {
            throw new BusRequestException(fault.Fault?.Exceptions?.FirstOrDefault()?.Message ?? "the worker failed");
        }
    }

    /// <summary>Configures a queue's endpoint.</summary>
    public static void Configure(IReceiveEndpointConfigurator endpoint, BusReceiver receiver)
    {
        endpoint.ConcurrentMessageLimit = receiver.AtOnce;
        endpoint.PrefetchCount = Math.Max(receiver.AtOnce, receiver.ReadAhead);
        endpoint.ConfigureConsumeTopology = false;
        // Receivers report failures in their answers; nobody listens to MassTransit's.
        endpoint.PublishFaults = false;
        endpoint.Handler<BusMessage>(async context =>
        {
            var delivery = new BusDelivery(context.Message.Read(), context.ReceiveContext.Redelivered);
            if (await receiver.ReceiveAsync(delivery, context.CancellationToken) is { } answer)
                await context.RespondAsync(BusMessage.Create(answer));
        });
    }

    /// <summary>Lists the receivers of all roles of the host.</summary>
    public static IEnumerable<BusReceiver> FindReceivers(IServiceProvider services)
        => services.GetServices<IBusReceivers>().SelectMany(role => role.Receivers);

    /// <summary>Sets what a transport needs on each message that must not be lost.</summary>
    protected virtual void Prepare(SendContext<BusMessage> context)
    {
    }
}
