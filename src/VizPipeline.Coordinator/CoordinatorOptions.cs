using System.ComponentModel.DataAnnotations;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>Settings for sending jobs and handling failures. Section <c>Coordinator</c>.</summary>
public sealed class CoordinatorOptions
{
    /// <summary>The section's name in the configuration.</summary>
    public const string Section = "Coordinator";

    /// <summary>The number of failures after which a job is given up.</summary>
    /// <value>3</value>
    [Range(1, 100)]
    public int MaxFailures { get; set; } = 3;

    /// <summary>How often a worker may die, or lose its connection, during a job before the job is blamed and given up.</summary>
    /// <value>5: more than <see cref="MaxFailures"/>, because a job is rarely the cause of a lost machine</value>
    [Range(1, 100)]
    public int MaxLosses { get; set; } = 5;

    /// <summary>The delay after a job's first transient failure.</summary>
    /// <value>5 seconds</value>
    /// <remarks>
    /// The delay doubles with each further failure, up to <see cref="LongestRetryDelay"/>. Failures that are not transient are retried at
    /// once.
    /// </remarks>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The maximum delay before a retry.</summary>
    /// <value>5 minutes</value>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LongestRetryDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The maximum number of sent but unanswered jobs, of all kinds together.</summary>
    /// <value>2: one job runs on a device and the next one is ready. Unlimited on a cluster, where devices come and go</value>
    /// <remarks>Twice the number of devices keeps them busy. A larger number weakens priorities and slows down cancellation.</remarks>
    [Range(1, int.MaxValue)]
    public int Outstanding { get; set; } = 2;

    /// <summary>The maximum number of sent but unanswered jobs of one kind, unless the devices need more to stay busy.</summary>
    /// <value>2</value>
    [Range(1, 100_000)]
    public int OutstandingPerKind { get; set; } = 2;

    /// <summary>Whether other coordinators of the same catalog may run, of which one leads and the others wait to take over.</summary>
    /// <value>false: a catalog that another process coordinates is refused</value>
    public bool WaitsToLead { get; set; }

    /// <summary>Whether the planner sizes an atlas's jobs for the running workers, from the durations of earlier jobs.</summary>
    /// <value>false: the submitter knows its devices</value>
    public bool SizesJobs { get; set; }

    /// <summary>
    /// After how many failures in a row of the catalog, the store or the bus the coordinator stops with an error, so that the atlas can be
    /// resumed.
    /// </summary>
    /// <value>5. Unlimited on a cluster, where outages are waited out</value>
    [Range(1, int.MaxValue)]
    public int MaxFailuresInARow { get; set; } = 5;

    /// <summary>How long a job may remain unanswered before it is sent again, in case the broker has lost its queues.</summary>
    /// <value>1 hour, far longer than any job</value>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long a coordinator tries to take an answer before the broker moves it to an error queue, from which it returns after half a
    /// minute.
    /// </summary>
    /// <value>1 minute. An outage of the catalog or the store is waited for without limit.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Coordinator:AnswerPatience must be from 00:00:01 to 01:00:00")]
    public TimeSpan AnswerPatience { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Work per second of one device, see <see cref="WorkEstimate"/>: the first guess of the time left, before jobs have ended.
    /// </summary>
    /// <value>160 billion multiply-adds, as of 8 processor cores; what is measured soon replaces it</value>
    [Range(1e6, 1e18)]
    public double WorkPerSecond { get; set; } = 8 * WorkEstimate.PerCoreSecond;

    /// <summary>Whether the catalog and the object store belong to a single atlas, so that a second one is refused.</summary>
    /// <value>true</value>
    public bool SingleAtlas { get; set; } = true;

    /// <summary>
    /// Maps folders of submitting machines to folders of workers: pairs <c>FOLDER=FOLDER AT WORKERS</c>, separated by semicolons. Images of
    /// a submission below the first folder are expected below the second.
    /// </summary>
    [RegularExpression(
        "(/[^=;]*=/[^=;]*(;|$))*",
        ErrorMessage = "Coordinator:ImageRoots must be pairs FOLDER=FOLDER_AT_WORKERS of absolute paths, with semicolons")]
    public string ImageRoots { get; set; } = "";

    /// <summary>Returns the pairs of <see cref="ImageRoots"/>.</summary>
    internal IReadOnlyList<(string Here, string AtWorkers)> ImageRootPairs()
        => [.. from pair in ImageRoots.Split(';', StringSplitOptions.RemoveEmptyEntries)
               let sides = pair.Split('=')
               select (Trim(sides[0]), Trim(sides[1]))];

    /// <summary>
    /// Returns the workers' path of a submission's folder: the same path, unless <see cref="ImageRoots"/> maps it or a parent folder.
    /// </summary>
    internal string WorkersRoot(string root)
    {
        foreach (var (here, there) in ImageRootPairs())
            if (root == here || root.StartsWith(here + "/", StringComparison.Ordinal))
                return there + root[here.Length..];
        return root;
    }

    private static string Trim(string folder) => folder.TrimEnd('/');

    /// <summary>Applies the defaults of a cluster: many atlases, and more outstanding jobs than one device can run.</summary>
    public void UseClusterDefaults()
    {
        (WaitsToLead, SizesJobs, SingleAtlas) = (true, true, false);
        (Outstanding, MaxFailuresInARow) = (int.MaxValue, int.MaxValue);
        // An autoscaler sees no more than this of the waiting work while no worker runs.
        OutstandingPerKind = Math.Max(OutstandingPerKind, 32);
    }
}
