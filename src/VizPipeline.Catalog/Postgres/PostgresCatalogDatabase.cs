using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VizPipeline.Catalog.Views;

namespace VizPipeline.Catalog;

/// <summary>The catalog in a PostgreSQL database, shared by any number of processes.</summary>
public sealed class PostgresCatalogDatabase : CatalogDatabase, IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan LongestMigration = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestTurn = TimeSpan.FromMinutes(5);

    private static readonly CatalogViews Views = new(new PostgresViewSyntax());

    private readonly PostgresFailures _failures;
    private readonly NpgsqlDataSource _source;
    private readonly string _user;
    private readonly DbContextOptions<PostgresCatalogContext> _options;

    /// <summary>Initializes the database without connecting.</summary>
    /// <param name="options">Valid options.</param>
    public PostgresCatalogDatabase(PostgresOptions options)
    {
        Place = $"{options.Host}:{options.Port}/{options.Database}";
        _user = options.User;
        _failures = new PostgresFailures(Place, options);
        _source = NpgsqlDataSource.Create(PostgresConnection.String(options));
        this._options = Options(_source);
    }

    /// <inheritdoc/>
    public override string Place { get; }

    /// <inheritdoc/>
    public override NotesDatabase Notes => new PostgresNotes(this, _failures);

    /// <inheritdoc/>
    public override bool HearsWorkers => true;

    /// <inheritdoc/>
    protected override string HowToMigrate => "start the coordinator, or run `viz-coordinator migrate`";

    /// <inheritdoc/>
    public override CatalogContext Open() => new PostgresCatalogContext(_options);

    /// <inheritdoc/>
    /// <remarks>Processes that start together take turns; the second finds nothing left to migrate.</remarks>
    public override async Task MigrateAsync(CancellationToken cancellation = default)
    {
        try
        {
            await using var context = new PostgresCatalogContext(_options);
            context.Database.SetCommandTimeout(LongestMigration);
            await context.Database.OpenConnectionAsync(cancellation);
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({AdvisoryLock.Migration})", cancellation);
            try
            {
                // A role without the right to change tables must be able to start, too, once they are up to date.
                if (await FindChangeAsync(context, Views, cancellation) is { } missing)
                    await AddAsync(missing, context, cancellation);
            }
            finally
            {
                // A broken connection has already released the lock.
                if (context.Database.GetDbConnection().State == System.Data.ConnectionState.Open)
                    await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({AdvisoryLock.Migration})", CancellationToken.None);
            }
        }
        catch (Exception failure) when (failure is not CatalogUnusableException && Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    public override async Task<ILeadership?> TryLeadAsync(CancellationToken cancellation = default)
    {
        try
        {
            return await PostgresLeadership.TryAsync(_source, cancellation);
        }
        catch (Exception failure) when (Explain(failure) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    public override async Task SerializeAsync(CatalogContext context, CancellationToken cancellation = default)
    {
        if (context.Database.CurrentTransaction is null)
            throw new InvalidOperationException("only transactions can take turns");
        // Planning a large atlas may hold the lock for longer than the timeout of a query.
        var timeout = context.Database.GetCommandTimeout();
        context.Database.SetCommandTimeout(LongestTurn);
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({AdvisoryLock.Turn})", cancellation);
        context.Database.SetCommandTimeout(timeout);
    }

    /// <inheritdoc/>
    public override async Task AnalyzeAsync(CancellationToken cancellation = default)
    {
        // Without statistics of the new atlas, the planner expects one row, considers any index good enough, and reads 20,000 jobs to
        // change one. A role that does not own the tables gets a warning; autovacuum then updates the statistics some minutes later.
        await using var context = Open();
        await context.Database.ExecuteSqlRawAsync("ANALYZE job, layer, image", cancellation);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _source.Dispose();

    /// <summary>Closes the connections.</summary>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <inheritdoc/>
    protected override Task ReachAsync(CatalogContext context, CancellationToken cancellation)
        => context.Database.OpenConnectionAsync(cancellation);

    /// <inheritdoc/>
    protected override bool IsTransientCause(Exception cause) => cause switch
    {
        PostgresException error => error.IsTransient
            || error.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
                or PostgresErrorCodes.CannotConnectNow,
        NpgsqlException error => error.IsTransient,
        SocketException => true,
        _ => false,
    };

    /// <inheritdoc/>
    protected override CatalogUnusableException? Explain(Exception failure) => _failures.Explain(failure);

    private async Task AddAsync(string missing, PostgresCatalogContext context, CancellationToken cancellation)
    {
        try
        {
            await context.Database.MigrateAsync(cancellation);
            await Views.ReplaceAsync(context, cancellation);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new CatalogUnusableException(
                $"The catalog {Place} lacks {missing}, and user '{_user}' may not add it ({refused.MessageText}): "
                + "run `viz-coordinator migrate` "
                + "as the role that owns the tables, see docs/sql.md.",
                refused)
            { IsBehind = true };
        }
    }

    internal static DbContextOptions<PostgresCatalogContext> Options(NpgsqlDataSource source)
        => new DbContextOptionsBuilder<PostgresCatalogContext>()
            .UseNpgsql(source, npgsql => npgsql.MigrationsHistoryTable("schema_migration"))
            .UseSnakeCaseNamingConvention()
            .Options;
}
