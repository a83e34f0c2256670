using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>A change to one job, applied only if the job still waits for the answer to this attempt.</summary>
/// <param name="AtlasId">The atlas.</param>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Change">Applies the change. It may run again, in another turn, if the transaction fails.</param>
internal sealed record LedgerEntry(string AtlasId, long JobId, int Attempt, Func<LedgerTurn, Atlas, Job, Task> Change)
{
    /// <summary>The execution context of the answer, for logging.</summary>
    public ExecutionContext? Context { get; } = ExecutionContext.Capture();

    /// <summary>Whether the entry reports the start of a job rather than an end.</summary>
    public bool IsBeginning { get; init; }
}

/// <summary>The effect of a worker's answer.</summary>
internal enum LedgerChange
{
    /// <summary>None: it was a duplicate, or an answer to an older attempt.</summary>
    Ignored,

    /// <summary>The job changed; others may be ready now.</summary>
    Done,

    /// <summary>The job changed, and it was the atlas's last.</summary>
    AtlasFinished,
}

/// <summary>One transaction of the ledger, with the state that its entries share.</summary>
internal sealed class LedgerTurn(CatalogContext catalog)
{
    private readonly List<(LedgerEntry Entry, Action Action)> _afterCommit = [];
    private readonly HashSet<(int Atlas, JobKind Kind, int? Layer)> _completed = [];
    private readonly HashSet<int> _failed = [];

    /// <summary>The catalog, in the turn's transaction.</summary>
    public CatalogContext Catalog { get; } = catalog;

    /// <summary>Collects results, which are written together.</summary>
    public ResultIngest Results { get; } = new(catalog);

    /// <summary>The answers whose results were ingested.</summary>
    public List<JobCompleted> Ingested { get; } = [];

    /// <summary>The entry that is being applied.</summary>
    public LedgerEntry? Entry { get; set; }

    /// <summary>Registers an action to run after the commit. Actions run in order.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add((Entry!, action));

    /// <summary>Records a completed job. Only the last job of its group can release others.</summary>
    public void Completed(Job job, JobCompleted answer)
    {
        _completed.Add((job.AtlasId, job.Kind, job.LayerIndex));
        Ingested.Add(answer);
    }

    /// <summary>Records that a job is given up, together with its dependents.</summary>
    public void Failed(Job job) => _failed.Add(job.AtlasId);

    /// <summary>Returns whether other jobs of the atlas may now be ready or blocked. All changes must be saved before the call.</summary>
    public async Task<bool> MayReleaseOthersAsync(Atlas atlas, CancellationToken cancellation)
    {
        if (_failed.Contains(atlas.Id))
            return true;
        foreach (var (_, kind, layer) in _completed.Where(group => group.Atlas == atlas.Id))
        {
            var group = Catalog.Jobs.Where(job => job.AtlasId == atlas.Id && job.Kind == kind && job.LayerIndex == layer);
            if (!await StageAdvance.Open(group).AnyAsync(cancellation))
                return true;
        }
        return false;
    }

    /// <summary>Runs the registered actions after the transaction is committed.</summary>
    public void Commit()
    {
        foreach (var (entry, action) in _afterCommit)
            if (entry.Context is { } context)
                ExecutionContext.Run(context, _ => action(), null);
            else
                action();
    }
}
