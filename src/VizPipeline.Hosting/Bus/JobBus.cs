using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VizPipeline.Jobs;

namespace VizPipeline.Hosting;

/// <summary>The bus over whatever transport the host has.</summary>
internal sealed class JobBus(IBusTransport transport, TimeProvider time) : IJobBus, ILiveRequests
{
    // While the broker restarts, a transport may fail a message, or never hear that it was stored.
    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromMinutes(5);

    public Task WaitUntilReadyAsync(CancellationToken cancellation) => transport.WaitUntilReadyAsync(cancellation);

    public Task SendAsync(JobMessage job, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(job);
        return transport.SendAsync(JobKinds.Get(job.Kind).Queue, BusMessage.Create(job), cancellation)
            .WaitAsync(SendPatience, time, cancellation);
    }

    // Nobody repeats an answer: without it the job counts as running for an hour. An answer that arrives twice does no harm.
    public async Task AnswerAsync(IJobAnswer answer, CancellationToken cancellation)
    {
        var (message, began) = (BusMessage.Create(answer), time.GetTimestamp());
        while (true)
        {
            try
            {
                await transport.SendAsync(QueueNames.Answers, message, cancellation).WaitAsync(SendPatience, time, cancellation);
                return;
            }
            catch (Exception) when (!cancellation.IsCancellationRequested && time.GetElapsedTime(began) < AnswerPatience)
            {
                await Task.Delay(RetryPause, time, cancellation);
            }
        }
    }

    public Task ReportAsync(WorkerReported report, CancellationToken cancellation)
        => transport.SendAsync(QueueNames.Answers, BusMessage.Create(report), cancellation);

    public Task ShowProgressAsync(JobProgressed progress, CancellationToken cancellation)
        => transport.BroadcastAsync(QueueNames.Progress, BusMessage.Create(progress), cancellation);

    public async Task<TAnswer> AskAsync<TAnswer>(IBusRequest<TAnswer> request, CancellationToken cancellation = default)
        where TAnswer : class, IBusMessage
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request is ILiveRequest { Image.Length: > LiveLimits.ImageBytes } large)
            throw new LiveRefusedException(
                $"the picture has {large.Image.Length:N0} bytes; at most {LiveLimits.ImageBytes:N0} are accepted");
        try
        {
            return (await transport.AskAsync(request.Queue, BusMessage.Create(request), LiveLimits.Patience, cancellation)).Read() switch
            {
                TAnswer answer => answer,
                LiveRefused refused => throw new LiveRefusedException(refused.Reason, refused.IsOutage),
                _ => throw new LiveRefusedException("a worker of another version gave an answer that this version does not know"),
            };
        }
        catch (TimeoutException)
        {
            var remedy = request.Queue == QueueNames.Live
                ? ": start one that serves 'live' (all do, unless Worker__Kinds leaves it out)"
                : "";
            var who = request.Queue == QueueNames.Live ? "worker" : "coordinator";
            throw new LiveRefusedException($"no {who} answered within {LiveLimits.Patience.TotalSeconds:0} s{remedy}", isOutage: true);
        }
        catch (BusRequestException failure)
        {
            throw new LiveRefusedException(failure.Message, isOutage: true);
        }
    }
}

/// <summary>Puts the bus into a host.</summary>
public static class JobBusExtensions
{
    /// <summary>Adds <see cref="IJobBus"/> and <see cref="ILiveRequests"/> over a transport. Every transport calls this.</summary>
    public static IServiceCollection AddJobBus(this IServiceCollection services, Func<IServiceProvider, IBusTransport> transport)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IBrokerMemory, ProcessMemory>();
        services.AddSingleton(transport);
        services.AddSingleton<JobBus>();
        services.AddSingleton<IJobBus>(provider => provider.GetRequiredService<JobBus>());
        services.AddSingleton<ILiveRequests>(provider => provider.GetRequiredService<JobBus>());
        return services;
    }
}
