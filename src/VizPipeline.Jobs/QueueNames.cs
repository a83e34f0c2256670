namespace VizPipeline.Jobs;

/// <summary>
/// The queues of the bus besides those of <see cref="JobKinds"/>. Operators watch and scale by these names, so they do not change.
/// </summary>
public static class QueueNames
{
    /// <summary>Answers of workers; any coordinator takes them.</summary>
    public const string Answers = "viz.answers";

    /// <summary>Requests of people who wait; any worker that serves them answers.</summary>
    public const string Live = "viz.live";

    /// <summary>Prefix of temporary queues: each process gets the answers to its requests in one.</summary>
    public const string Client = "viz.client";

    /// <summary>Progress within jobs; every coordinator receives all of it, in a temporary queue.</summary>
    public const string Progress = "viz.progress";

    /// <summary>Gets the exchange that feeds a queue, e.g. <c>viz.exchange.answers</c>.</summary>
    /// <remarks>
    /// The names differ on purpose. Who sends binds the queue to the exchange and therefore needs the right to read the exchange; with
    /// equal names that would be the right to consume from the queue.
    /// </remarks>
    public static string ExchangeOf(string queue) => $"viz.exchange.{queue["viz.".Length..]}";
}
