using VizPipeline.Jobs;

namespace VizPipeline.Hosting;

/// <summary>Carries jobs to workers and their answers to coordinators, whatever the transport is.</summary>
public interface IJobBus
{
    /// <summary>Waits until this process is connected and its queues exist.</summary>
    Task WaitUntilReadyAsync(CancellationToken cancellation);

    /// <summary>Sends a command to the queue of its kind. Completes when the broker has stored it.</summary>
    Task SendAsync(JobMessage job, CancellationToken cancellation);

    /// <summary>Sends a worker's answer to the coordinators; one of them takes it. Completes when the broker has stored it.</summary>
    Task AnswerAsync(IJobAnswer answer, CancellationToken cancellation);

    /// <summary>Sends what a worker says of itself to the coordinators; one of them takes it.</summary>
    Task ReportAsync(WorkerReported report, CancellationToken cancellation);

    /// <summary>Shows progress within a job to every coordinator. It may be lost.</summary>
    Task ShowProgressAsync(JobProgressed progress, CancellationToken cancellation);
}

/// <summary>Asks other processes and waits for the answer.</summary>
public interface ILiveRequests
{
    /// <summary>Asks those who serve the request's queue.</summary>
    /// <typeparam name="TAnswer">The answer.</typeparam>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="LiveRefusedException">The request cannot be served, or nobody answers.</exception>
    Task<TAnswer> AskAsync<TAnswer>(IBusRequest<TAnswer> request, CancellationToken cancellation = default)
        where TAnswer : class, IBusMessage;
}

/// <summary>A request was not answered. The message is for the person who asked.</summary>
public sealed class LiveRefusedException(string message, bool isOutage = false) : Exception(message)
{
    /// <summary>Whether the cause lies with the workers rather than with the request.</summary>
    public bool IsOutage { get; } = isOutage;
}
