namespace VizPipeline.Hosting;

/// <summary>
/// What a role's account may do at the broker, as RabbitMQ's regular expressions over names of exchanges and queues. The broker's start
/// script and docs/cluster.md have the same table; a test compares them.
/// </summary>
/// <param name="User">The account.</param>
/// <param name="Configure">What it may declare.</param>
/// <param name="Write">What it may send to, and the queues that it may bind.</param>
/// <param name="Read">What it may consume from, and the exchanges that it may bind to.</param>
public sealed record BrokerRights(string User, string Configure, string Write, string Read)
{
    /// <summary>All roles. Coordinators send commands and read answers; workers the other way round; the atlas only asks.</summary>
    public static IReadOnlyList<BrokerRights> All { get; } =
    [
        new("viz-coordinator", @"^viz\.", @"^viz\.", @"^viz\."),
        new("viz-worker", @"^viz\.", @"^viz\.", @"^viz\.(?!answers)"),
        new("viz-atlas", @"^viz\.(client\.|exchange\.live$)", @"^viz\.(client\.|exchange\.live$)", @"^viz\.client\."),
        new("viz-monitor", "^$", "^$", "^$"),
    ];
}
