using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Tests.Catalog;

public abstract class LeadershipTests(Engine engine) : CatalogTests(engine)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_one_leads_at_a_time()
    {
        await using (var first = await Catalog.Database.TryLeadAsync(_cancellation))
        {
            Assert.True(await first!.IsHeldAsync(_cancellation));
            Assert.Null(await Catalog.Database.TryLeadAsync(_cancellation));
        }
        await using var next = await Catalog.Database.TryLeadAsync(_cancellation);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Of_many_that_try_together_one_leads()
    {
        var leaders = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(() => Catalog.Database.TryLeadAsync(_cancellation), _cancellation)));

        await using var leader = Assert.Single(leaders, tried => tried is not null);
    }

    [Fact]
    public async Task Transactions_that_take_turns_see_what_those_before_them_wrote()
    {
        await Catalog.Create(VizPipeline.Tests.Jobs.SpecSamples.Small());
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(IncrementAsync, _cancellation)));

        await using var context = Catalog.Database.Open();
        Assert.Equal(10, (await context.Atlases.SingleAsync(_cancellation)).Priority);

        async Task IncrementAsync()
        {
            await using var mine = Catalog.Database.Open();
            await using var transaction = await mine.Database.BeginTransactionAsync(_cancellation);
            await Catalog.Database.SerializeAsync(mine, _cancellation);
            (await mine.Atlases.AsTracking().SingleAsync(_cancellation)).Priority++;
            await mine.SaveChangesAsync(_cancellation);
            await transaction.CommitAsync(_cancellation);
        }
    }
}

public sealed class LeadershipOnSqliteTests() : LeadershipTests(Engine.Sqlite);

public sealed class LeadershipOnPostgresTests() : LeadershipTests(Engine.Postgres)
{
    [Fact]
    public async Task Whoever_loses_the_connection_no_longer_leads()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var first = await Catalog.Database.TryLeadAsync(cancellation);
        await using (var context = Catalog.Database.Open())
            await context.Database.ExecuteSqlRawAsync(
                """
                SELECT pg_terminate_backend(pid) FROM pg_locks
                WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """, cancellation);

        Assert.False(await first!.IsHeldAsync(cancellation));
        await using var next = await Catalog.Database.TryLeadAsync(cancellation);
        Assert.True(await next!.IsHeldAsync(cancellation));
        Assert.False(await first.IsHeldAsync(cancellation));
        await first.DisposeAsync();
        Assert.True(await next.IsHeldAsync(cancellation));
        Assert.Null(await Catalog.Database.TryLeadAsync(cancellation));
    }
}
