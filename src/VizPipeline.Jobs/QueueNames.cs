namespace VizPipeline.Jobs;

/// <summary>The queues of the bus. A promise to operators, who watch and scale by them.</summary>
public static class QueueNames
{
    /// <summary>The workers' answers, for any coordinator.</summary>
    public const string Answers = "viz.answers";

    /// <summary>Requests of people who wait, for any worker that serves them.</summary>
    public const string Live = "viz.live";

    /// <summary>Answers to the requests of one process; each has a temporary queue of its own.</summary>
    public const string Client = "viz.client";

    /// <summary>Progress within jobs, for every coordinator; each binds a temporary queue of its own.</summary>
    public const string Progress = "viz.progress";

    /// <summary>
    /// The exchange through which messages get into a queue, e.g. <c>viz.exchange.answers</c>. It is not called like its queue, because
    /// whoever
    /// publishes binds the two and so needs the right to read the exchange, which would be the right to consume from a queue of that name.
    /// </summary>
    public static string ExchangeOf(string queue) => $"viz.exchange.{queue["viz.".Length..]}";

    /// <summary>The queue of a kind of job, e.g. <c>viz.scan</c>.</summary>
    public static string Of(JobKind kind) => "viz." + Name(kind);

    /// <summary>A kind's name in settings, queues and metrics, e.g. <c>scan</c>.</summary>
    public static string Name(JobKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>The kind that a command asks for.</summary>
    /// <exception cref="ArgumentException">It is no command.</exception>
    public static JobKind KindOf(Type command) => command switch
    {
        _ when command == typeof(ScanShard) => JobKind.Scan,
        _ when command == typeof(GatherShards) => JobKind.Gather,
        _ when command == typeof(MergeLayer) => JobKind.Merge,
        _ when command == typeof(RenderPatches) => JobKind.Patches,
        _ when command == typeof(AscendNeurons) => JobKind.Ascent,
        _ when command == typeof(RenderFilters) => JobKind.Filters,
        _ when command == typeof(RenderSheet) => JobKind.Sheet,
        _ => throw new ArgumentException($"{command.Name} is no command", nameof(command)),
    };
}
