using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Catalog;

/// <summary>The dispatcher queries the next jobs many times a second, however many are waiting.</summary>
public abstract class DispatchTests(Engine engine) : CatalogTests(engine)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    protected abstract string Explain { get; }

    [Fact]
    public async Task The_next_jobs_are_the_most_urgent_that_are_due()
    {
        await Catalog.Create(SpecSamples.Small("b"));
        await Catalog.Create(SpecSamples.Small("a"));
        await using var context = Catalog.Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync(_cancellation);
        var ascent = context.Jobs.Where(job => job.Kind == JobKind.Ascent);
        var all = await ascent.OrderBy(job => job.AtlasId).ThenBy(job => job.JobId).ToListAsync(_cancellation);
        await Set(all[0], JobState.Sent, null, 5);
        await Set(all[1], JobState.Pending, DateTime.UnixEpoch.AddSeconds(1), 5);
        await Set(all[2], JobState.Pending, DateTime.UnixEpoch, 5);
        await Set(all[^1], JobState.Pending, null, 4);

        var next = await context.NextJobsAsync(JobKind.Ascent, DateTime.UnixEpoch, all.Count, _cancellation);

        Assert.Equal([all[^1], .. all[2..^1]], next, (one, other) => (one.AtlasId, one.JobId) == (other.AtlasId, other.JobId));
        Assert.Equal(3, (await context.NextJobsAsync(JobKind.Ascent, DateTime.UnixEpoch, 3, _cancellation)).Count);
        Assert.Empty(await context.NextJobsAsync(JobKind.Sheet, DateTime.UnixEpoch, 3, _cancellation));

        Task Set(Job chosen, JobState state, DateTime? notBefore, int priority) => context.Jobs
            .Where(job => job.AtlasId == chosen.AtlasId && job.JobId == chosen.JobId)
            .ExecuteUpdateAsync(
                job => job.SetProperty(j => j.State, state).SetProperty(j => j.NotBefore, notBefore).SetProperty(j => j.Priority, priority),
                _cancellation);
    }

    [Fact]
    public async Task The_next_jobs_come_out_of_the_index_in_their_order()
    {
        await Catalog.Create(SpecSamples.Small() with { Layers = [SpecSamples.Layer(0, "wide", "conv", 10_000)], NeuronsPerJob = 1 });
        await using var context = Catalog.Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync(_cancellation);
        Assert.Equal(100, (await context.NextJobsAsync(JobKind.Ascent, DateTime.UnixEpoch, 100, _cancellation)).Count);
        var plan = await PlanAsync(context, """
            SELECT * FROM job WHERE state = 'pending' AND kind = 'ascent' AND (not_before IS NULL OR not_before <= '1970-01-01 00:00:00')
            ORDER BY priority, atlas_id, job_id LIMIT 100
            """);
        Assert.Contains("ix_job_state_kind_priority_atlas_id_job_id", plan);
        Assert.DoesNotContain("sort", plan, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("B-TREE", plan, StringComparison.OrdinalIgnoreCase);
    }

    private async Task<string> PlanAsync(CatalogContext context, string query)
    {
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"{Explain} {query}";
        command.Transaction = context.Database.CurrentTransaction!.GetDbTransaction();
        await using var reader = await command.ExecuteReaderAsync(_cancellation);
        var lines = new List<string>();
        while (await reader.ReadAsync(_cancellation))
            lines.Add(reader.GetString(reader.FieldCount - 1));
        return string.Join('\n', lines);
    }
}

public sealed class DispatchOnSqliteTests() : DispatchTests(Engine.Sqlite)
{
    protected override string Explain => "EXPLAIN QUERY PLAN";
}

public sealed class DispatchOnPostgresTests() : DispatchTests(Engine.Postgres)
{
    protected override string Explain => "EXPLAIN";
}
