using System.ComponentModel.DataAnnotations;

namespace VizPipeline.Coordinator;

/// <summary>How the coordinator sends jobs and forgives failures.</summary>
public sealed class CoordinatorOptions
{
    /// <summary>The section's name in the configuration.</summary>
    public const string Section = "Coordinator";

    /// <summary>Failures after which a job is given up.</summary>
    /// <value>3</value>
    [Range(1, 100)]
    public int MaxFailures { get; set; } = 3;

    /// <summary>How often a worker may die, or lose its connection, in the middle of a job before the job is given up as the cause.</summary>
    /// <value>5: more than failures, as a job is rarely at fault when a machine goes</value>
    [Range(1, 100)]
    public int MaxLosses { get; set; } = 5;

    /// <summary>Wait after a job's first transient failure.</summary>
    /// <value>5 seconds</value>
    /// <remarks>It doubles with each further one, up to <see cref="LongestRetryDelay"/>. Failures that waiting does not heal are tried again at once.</remarks>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait before a retry.</summary>
    /// <value>5 minutes</value>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LongestRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Jobs of all kinds that may be sent and unanswered at a time.</summary>
    /// <value>2: one device works on one and the next lies ready</value>
    /// <remarks>Twice the number of devices keeps them busy. More weakens the order of priorities and slows a cancellation down.</remarks>
    [Range(1, 100_000)]
    public int Outstanding { get; set; } = 2;

    /// <summary>Jobs of one kind that may be sent and unanswered at a time.</summary>
    /// <value>2</value>
    [Range(1, 100_000)]
    public int OutstandingPerKind { get; set; } = 2;

    /// <summary>
    /// Whether the bus outlives this process, as on a cluster: what was sent is still on it after a restart, other coordinators may run
    /// beside this one and wait for its end, and an outage of the catalog or the store is waited for.
    /// </summary>
    /// <value>false: in one process</value>
    public bool SharedBus { get; set; }

    /// <summary>After this long without an answer a job is sent again, in case the broker has lost its queues.</summary>
    /// <value>1 hour, far longer than any job</value>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long a coordinator keeps trying to take an answer before the broker puts it aside, from where it comes back after half a
    /// minute.
    /// </summary>
    /// <value>1 minute. An outage of the catalog or the store is waited for without end.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Coordinator:AnswerPatience must be from 00:00:01 to 01:00:00")]
    public TimeSpan AnswerPatience { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether the catalog and the object store are one atlas's own folder, so that a second atlas is refused.</summary>
    /// <value>true</value>
    public bool SingleAtlas { get; set; } = true;

    /// <summary>
    /// Where workers see folders of the machines that submit: pairs <c>FOLDER=FOLDER AT WORKERS</c>, with semicolons. A submission's
    /// images below
    /// the first are taken to be below the second.
    /// </summary>
    [RegularExpression(
        "(/[^=;]*=/[^=;]*(;|$))*",
        ErrorMessage = "Coordinator:ImageRoots must be pairs FOLDER=FOLDER_AT_WORKERS of absolute paths, with semicolons")]
    public string ImageRoots { get; set; } = "";

    /// <summary>The pairs of <see cref="ImageRoots"/>.</summary>
    internal IReadOnlyList<(string Here, string AtWorkers)> ImageRootPairs()
        => [.. from pair in ImageRoots.Split(';', StringSplitOptions.RemoveEmptyEntries)
               let sides = pair.Split('=')
               select (Trim(sides[0]), Trim(sides[1]))];

    /// <summary>The folder by which workers know a submission's: the same, unless <see cref="ImageRoots"/> has a folder above it.</summary>
    internal string WorkersRoot(string root)
    {
        foreach (var (here, there) in ImageRootPairs())
            if (root == here || root.StartsWith(here + "/", StringComparison.Ordinal))
                return there + root[here.Length..];
        return root;
    }

    private static string Trim(string folder) => folder.TrimEnd('/');

    /// <summary>Sets what a cluster needs: many atlases, and more jobs out than one device can do.</summary>
    public void ShareBus()
    {
        (SharedBus, SingleAtlas) = (true, false);
        // Also what an autoscaler sees of the work that waits while no worker runs.
        OutstandingPerKind = Math.Max(OutstandingPerKind, 32);
    }
}
