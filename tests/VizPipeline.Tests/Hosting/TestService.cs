using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VizPipeline.Catalog;
using VizPipeline.Coordinator;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Coordinator;
using VizPipeline.Worker;

namespace VizPipeline.Tests.Hosting;

/// <summary>
/// A service with its web server, as on a cluster, that is both coordinator and worker and uses an in-memory bus. Its clock runs fast.
/// </summary>
public sealed class TestService : IAsyncDisposable
{
    /// <summary>
    /// Name of the collection of tests that read an exporter. An exporter covers all services of its process, including those of other
    /// tests, so these tests run alone.
    /// </summary>
    public const string Alone = "Services of the test process";

    private const int TimesFaster = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly WebApplication _app;
    private readonly bool _isReal;
    private readonly HttpClient _http = new();
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _totals = new();

    /// <param name="folder">The folder of the object store and of the SQLite catalog.</param>
    /// <param name="work">Behaviour of fake workers; null for the real worker.</param>
    /// <param name="database">Another catalog.</param>
    /// <param name="device">The devices of the real worker.</param>
    /// <param name="change">Replaces services.</param>
    public TestService(
        string folder, FakeWork? work = null, CatalogDatabase? database = null, string device = "cpu",
        Action<IServiceCollection>? change = null)
    {
        var builder = ServiceHost.CreateBuilder(
            [
                "--Http:Port=0", "--Http:Address=127.0.0.1", $"--Worker:Device={device}", "--Worker:CacheFolder=",
                "--Logging:LogLevel:Default=Debug",
            ],
            "test",
            port: 0);
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Log);
        builder.Services.AddSingleton<TimeProvider>(new FastClock(TimesFaster));
        builder.Services.AddSingleton(database ?? new SqliteCatalogDatabase(Path.Combine(folder, "catalog.db")));
        builder.Services.AddSingleton<IObjectStore>(new FolderObjectStore(folder));
        builder.AddCoordinator(options => options.UseClusterDefaults());
        builder.AddCoordinatorGauges();
        if (work is null)
            builder.AddWorker().AddWorkerReports();
        else
            builder.Services.AddSingleton(work).AddSingleton<IBusReceivers, FakeWorker>();
        builder.AddEmbeddedBus();
        _isReal = work is null;
        change?.Invoke(builder.Services);
        _app = builder.Build();
        _app.MapServiceEndpoints();
        Listen();
    }

    public ScopedLog Log { get; } = new();

    public IJobBus Bus => _app.Services.GetRequiredService<IJobBus>();

    public ILiveRequests Live => _app.Services.GetRequiredService<ILiveRequests>();

    public async Task StartAsync(AtlasSpec spec, ImageList images)
    {
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.Single());
        // Shards depend on the number of workers that have reported, so wait for the worker: otherwise plans would differ.
        while (_isReal && !await KnowsAWorkerAsync())
            await Task.Delay(50);
        await _app.Services.GetRequiredService<AtlasPlanner>().OpenAsync(spec, images);
    }

    /// <summary>The devices of the real worker.</summary>
    public DeviceGate Gate => _app.Services.GetRequiredService<DeviceGate>();

    /// <summary>The catalog.</summary>
    public CatalogDatabase Database => _app.Services.GetRequiredService<CatalogDatabase>();

    /// <summary>Gets the service's health report and its HTTP status.</summary>
    public async Task<(int Status, string Text)> HealthAsync()
    {
        var answer = await _http.GetAsync("/health/ready");
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Keeps the real worker from starting a job until the result is disposed.</summary>
    public async Task<IDisposable> HoldDeviceAsync() =>
        await _app.Services.GetRequiredService<DeviceGate>().EnterAsync(CancellationToken.None);

    public Task FinishAsync(string atlas) => _app.Services.GetRequiredService<AtlasMonitor>().WhenFinishedAsync(atlas).WaitAsync(Patience);

    /// <summary>Sums what this service, and no other one in the process, counted with these labels.</summary>
    public double Total(string metric, params string[] labels) => _totals.GetValueOrDefault(Key(metric, labels));

    internal async Task<Exposition> MetricsAsync() => Exposition.Read(await _http.GetStringAsync("/metrics"));

    /// <summary>Waits until the metrics meet a condition and returns them.</summary>
    internal async Task<Exposition> MetricsWhenAsync(Func<Exposition, bool> areRight)
    {
        var patience = DateTimeOffsetNow() + Patience;
        while (true)
        {
            var metrics = await MetricsAsync();
            if (areRight(metrics))
                return metrics;
            Assert.True(DateTimeOffsetNow() < patience, metrics.Text);
            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var noPatience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _app.StopAsync(noPatience.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        await _app.DisposeAsync();
        _listener.Dispose();
        _http.Dispose();
    }

    private async Task<bool> KnowsAWorkerAsync()
    {
        try
        {
            await using var catalog = _app.Services.GetRequiredService<CatalogDatabase>().Open();
            return await catalog.Workers.AnyAsync();
        }
        catch (System.Data.Common.DbException)
        {
            // The coordinator has not created the tables yet.
            return false;
        }
    }

    private static DateTimeOffset DateTimeOffsetNow() => TimeProvider.System.GetUtcNow();

    private static string Key(string metric, IEnumerable<string> labels)
        => string.Join(' ', labels.Order(StringComparer.Ordinal).Prepend(metric));

    // The exporter sums over all services in the process, and tests run in parallel.
    private void Listen()
    {
        var mine = _app.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Meter.Name == VizTelemetry.Name && ReferenceEquals(instrument.Meter.Scope, mine) && !instrument.IsObservable)
                me.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Count(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Count(instrument, value, tags));
        _listener.Start();
    }

    private void Count(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}").ToList();
        _totals.AddOrUpdate(Key(instrument.Name, labels), value, (_, sum) => sum + value);
        _totals.AddOrUpdate(Key(instrument.Name + "_count", labels), 1, (_, count) => count + 1);
    }
}

[CollectionDefinition(TestService.Alone, DisableParallelization = true)]
public sealed class ServicesAlone;

/// <summary>Records log lines together with their scopes.</summary>
public sealed class ScopedLog : ILoggerProvider, ISupportExternalScope
{
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public ConcurrentQueue<(string Category, string Message, IReadOnlyDictionary<string, object> Scope)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
    }

    private sealed class Logger(ScopedLog owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => owner._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var scope = new Dictionary<string, object>();
            owner._scopes.ForEachScope(
                (given, all) =>
                {
                    foreach (var (name, value) in given as IEnumerable<KeyValuePair<string, object>> ?? [])
                        all[name] = value;
                },
                scope);
            owner.Lines.Enqueue((category, formatter(state, exception), scope));
        }
    }
}
