using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Coordinator;

/// <summary>A change of one job, to be made where the job still waits for the answer to this attempt.</summary>
/// <param name="AtlasId">The atlas.</param>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Change">Makes the change. It may run again, in another turn, when the transaction fails.</param>
internal sealed record LedgerEntry(string AtlasId, long JobId, int Attempt, Func<LedgerTurn, Atlas, Job, Task> Change)
{
    /// <summary>Whose answer it is, for the log.</summary>
    public ExecutionContext? Context { get; } = ExecutionContext.Capture();

    /// <summary>Whether it tells how an attempt ended rather than what the job's result is: in one process, a stop ends attempts without anyone's fault.</summary>
    public bool IsOfAttempt { get; init; }

    /// <summary>Whether it tells of a job's beginning, and not of an end.</summary>
    public bool IsBeginning { get; init; }
}

/// <summary>What an answer of a worker changed.</summary>
internal enum LedgerChange
{
    /// <summary>Nothing: it was a duplicate or an answer to an older sending.</summary>
    Ignored,

    /// <summary>The job; others may be ready now.</summary>
    Done,

    /// <summary>The job, and it was the atlas's last.</summary>
    AtlasFinished,
}

/// <summary>One transaction of the ledger: what its entries share.</summary>
internal sealed class LedgerTurn(CatalogContext catalog)
{
    private readonly List<(LedgerEntry Entry, Action Action)> afterCommit = [];
    private readonly HashSet<(int Atlas, JobKind Kind, int? Layer)> completed = [];
    private readonly HashSet<int> failed = [];

    /// <summary>Takes results, which are written together.</summary>
    public ResultIngest Results { get; } = new(catalog);

    /// <summary>The answers whose results it took.</summary>
    public List<JobCompleted> Ingested { get; } = [];

    /// <summary>The entry that is being made.</summary>
    public LedgerEntry? Entry { get; set; }

    /// <summary>To be done once all is certain, in this order.</summary>
    public void AfterCommit(Action action) => afterCommit.Add((Entry!, action));

    /// <summary>A job is completed; only the last one of its group can release others.</summary>
    public void Completed(Job job, JobCompleted answer)
    {
        completed.Add((job.AtlasId, job.Kind, job.LayerIndex));
        Ingested.Add(answer);
    }

    /// <summary>A job is given up, with all that need it.</summary>
    public void Failed(Job job) => failed.Add(job.AtlasId);

    /// <summary>Whether other jobs of the atlas may be ready now, or blocked. To be asked with all changes saved.</summary>
    public async Task<bool> MayReleaseOthersAsync(Atlas atlas, CancellationToken cancellation)
    {
        if (failed.Contains(atlas.Id))
            return true;
        foreach (var (_, kind, layer) in completed.Where(group => group.Atlas == atlas.Id))
        {
            var group = catalog.Jobs.Where(job => job.AtlasId == atlas.Id && job.Kind == kind && job.LayerIndex == layer);
            if (!await StageAdvance.Open(group).AnyAsync(cancellation))
                return true;
        }
        return false;
    }

    /// <summary>The transaction is committed.</summary>
    public void Commit()
    {
        foreach (var (entry, action) in afterCommit)
            if (entry.Context is { } context)
                ExecutionContext.Run(context, _ => action(), null);
            else
                action();
    }
}
