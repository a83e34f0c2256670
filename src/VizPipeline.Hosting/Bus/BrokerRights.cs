namespace VizPipeline.Hosting;

/// <summary>
/// The permissions of a role's account at the broker, as RabbitMQ regular expressions over names of exchanges and queues. The broker's
/// start script and docs/cluster.md contain the same table; a test compares them.
/// </summary>
/// <param name="User">The account.</param>
/// <param name="Configure">What the account may declare.</param>
/// <param name="Write">The exchanges that it may publish to, and the queues that it may bind.</param>
/// <param name="Read">The queues that it may consume from, and the exchanges that it may bind to.</param>
public sealed record BrokerRights(string User, string Configure, string Write, string Read)
{
    /// <summary>
    /// All roles. Coordinators send commands and read answers; workers do the reverse; the atlas service only sends requests.
    /// </summary>
    public static IReadOnlyList<BrokerRights> All { get; } =
    [
        new("viz-coordinator", @"^viz\.", @"^viz\.", @"^viz\."),
        new("viz-worker", @"^viz\.", @"^viz\.", @"^viz\.(?!answers)"),
        new("viz-atlas", @"^viz\.(client\.|exchange\.live$)", @"^viz\.(client\.|exchange\.live$)", @"^viz\.client\."),
        new("viz-monitor", "^$", "^$", "^$"),
    ];
}
