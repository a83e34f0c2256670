using System.Text;

namespace VizPipeline.Jobs;

/// <summary>Everything that distinguishes one kind of job from another; see <see cref="JobKinds"/>.</summary>
public abstract class JobKindRow
{
    /// <summary>The kind.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>What a job of this kind does, as the predicate of a sentence, e.g. "draws a layer's contact sheet".</summary>
    public required string Summary { get; init; }

    /// <summary>The type of the table that a job of this kind stores as its result.</summary>
    public required Type ResultTable { get; init; }

    /// <summary>What the units of work are, in the plural, e.g. "images".</summary>
    public required string Unit { get; init; }

    /// <summary>Jobs with a smaller number are sent first.</summary>
    /// <remarks>
    /// People look at an atlas while it grows: quick pictures and jobs that others wait for go first, hours of ascent last.
    /// </remarks>
    public required int Priority { get; init; }

    /// <summary>The kinds whose jobs must be finished before.</summary>
    public IReadOnlyList<KindDependency> Dependencies { get; init; } = [];

    /// <summary>Methods that change what an existing job makes: adding one of them to an atlas lets its jobs run again.</summary>
    public AtlasMethods ChangedBy { get; init; }

    /// <summary>Whether a job's table says which other layers are observed, so that adding layers to an atlas lets it run again.</summary>
    public bool ReadsOtherLayers { get; init; }

    /// <summary>Which setting decides how large a job is.</summary>
    public JobSize Size { get; init; }

    /// <summary>Forward and backward passes per unit of work, to predict an atlas's cost from another one's.</summary>
    public Func<AtlasSpec, double> PassesPerUnit { get; init; } = _ => 1;

    /// <summary>
    /// Estimates a unit's work in multiply-adds, for a kind with layers that of the layer with the given index; see
    /// <see cref="WorkEstimate"/>.
    /// </summary>
    public required Func<AtlasSpec, int?, double> Work { get; init; }

    /// <summary>
    /// Estimates which share of the work is done again, from 0 to 1, if an atlas gets more images, from the probability that a list of that
    /// many top images of a neuron gets one of them.
    /// </summary>
    public Func<AtlasSpec, Func<int, double>, double> ShareRedone { get; init; } = (_, _) => 0;

    /// <summary>The name in settings, queues and metrics, e.g. <c>scan</c>.</summary>
    public string Name => Kind.ToString().ToLowerInvariant();

    /// <summary>The queue that carries its commands, e.g. <c>viz.scan</c>.</summary>
    public string Queue => $"viz.{Name}";

    /// <summary>Whether each job is about one layer.</summary>
    public bool IsPerLayer => typeof(ILayerCommand).IsAssignableFrom(CommandType);

    /// <summary>The type of its commands.</summary>
    public abstract Type CommandType { get; }

    /// <summary>Enumerates the commands of an atlas's jobs, without numbers.</summary>
    public abstract IEnumerable<JobCommand> PlanJobs(AtlasSpec spec);

    /// <summary>Counts a job's units of work: 1 or more.</summary>
    public abstract int CountUnitsOf(AtlasSpec spec, JobCommand command);

    /// <summary>Gets the key of a job's result table, which is written last: if the object exists, the job is done.</summary>
    public abstract string GetResultKeyOf(AtlasSpec spec, JobCommand command);

    /// <summary>
    /// Returns whether a table under a job's key is its result: one that was made of fewer images is none, nor is a damaged one.
    /// </summary>
    public static bool IsResultOf(JobCommand command, ReadOnlySpan<byte> table)
    {
        if (command is not IImagesCommand { Images: > 0 } asked)
            return true;
        try
        {
            return VizJson.Read<MadeOf>(table).Images == asked.Images;
        }
        catch (CorruptTableException)
        {
            return false;
        }
    }

    // What the tables of such jobs have in common.
    private sealed record MadeOf(int Images = 0);

    /// <summary>Says what a job is about, for people, e.g. a layer and a range of neurons.</summary>
    public abstract string DescribeJob(AtlasSpec spec, JobCommand command);

    /// <summary>Reads a command from the jobs table or a message.</summary>
    /// <exception cref="CorruptTableException">The payload is not a command of this kind.</exception>
    public abstract JobCommand ReadCommand(string payload, int attempt);
}

/// <inheritdoc/>
/// <typeparam name="TCommand">The command.</typeparam>
public sealed class JobKindRow<TCommand> : JobKindRow
    where TCommand : JobCommand
{
    /// <inheritdoc cref="JobKindRow.PlanJobs"/>
    public required Func<AtlasSpec, IEnumerable<TCommand>> Plan { get; init; }

    /// <inheritdoc cref="JobKindRow.CountUnitsOf"/>
    public required Func<AtlasSpec, TCommand, int> CountUnits { get; init; }

    /// <inheritdoc cref="JobKindRow.GetResultKeyOf"/>
    public required Func<AtlasSpec, TCommand, string> GetResultKey { get; init; }

    /// <inheritdoc cref="JobKindRow.DescribeJob"/>
    public required Func<AtlasSpec, TCommand, string> Describe { get; init; }

    /// <inheritdoc/>
    public override Type CommandType => typeof(TCommand);

    /// <inheritdoc/>
    public override IEnumerable<JobCommand> PlanJobs(AtlasSpec spec) => Plan(spec);

    /// <inheritdoc/>
    public override int CountUnitsOf(AtlasSpec spec, JobCommand command) => CountUnits(spec, (TCommand)command);

    /// <inheritdoc/>
    public override string GetResultKeyOf(AtlasSpec spec, JobCommand command) => GetResultKey(spec, (TCommand)command);

    /// <inheritdoc/>
    public override string DescribeJob(AtlasSpec spec, JobCommand command) => Describe(spec, (TCommand)command);

    /// <inheritdoc/>
    public override JobCommand ReadCommand(string payload, int attempt)
        => VizJson.Read<TCommand>(Encoding.UTF8.GetBytes(payload)) with { Attempt = attempt };
}

/// <summary>
/// One kind of job waits for another: its jobs of a layer for the other's jobs of the same layer, if that kind has layers.
/// </summary>
/// <param name="Kind">The kind that must be finished first.</param>
public sealed record KindDependency(JobKind Kind)
{
    /// <summary>Whether jobs may be lost: the dependent jobs then use what exists. Otherwise a lost job blocks them.</summary>
    public bool AllowsLosses { get; init; }

    /// <summary>Which atlases have the dependency; all by default.</summary>
    public Func<AtlasSpec, bool> OnlyIf { get; init; } = _ => true;
}

/// <summary>The setting of an atlas that decides how large a kind's jobs are.</summary>
public enum JobSize
{
    /// <summary>None: a job is what it is, e.g. one layer.</summary>
    Fixed,

    /// <summary><see cref="AtlasSpec.ShardImages"/>.</summary>
    ImagesPerShard,

    /// <summary><see cref="AtlasSpec.NeuronsPerJob"/>.</summary>
    NeuronsPerJob,
}
