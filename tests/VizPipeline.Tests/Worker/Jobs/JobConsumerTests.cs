using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Tests.Hosting;
using VizPipeline.Worker;

namespace VizPipeline.Tests.Worker.Jobs;

public sealed class JobConsumerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SmallAtlas _small = new();

    public void Dispose()
    {
        _small.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_command_that_cannot_be_passed_on_is_given_back_and_not_counted_as_a_failure_of_the_job()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var service = new TestService(_folder.Path, change: services =>
        {
            services.PostConfigure<WorkerOptions>(options => options.PassOnAfter = TimeSpan.FromMilliseconds(100));
            services.AddSingleton<IJobBus>(provider => new RefusingBus((IJobBus)provider.GetRequiredService<ILiveRequests>()));
        });
        var (spec, images) = _small.Plan();
        var device = await service.HoldDeviceAsync();
        await service.StartAsync(spec, images);
        for (var attempt = 0; !service.Log.Lines.Any(
            line => line.Message.EndsWith("was given back: Stopping", StringComparison.Ordinal)); attempt++)
        {
            Assert.True(attempt < 600, "no command was given back");
            await Task.Delay(50, cancellation);
        }
        device.Dispose();
        await service.FinishAsync(spec.Id);

        await using var catalog = service.Database.Open();
        Assert.Equal((0, 0), (await catalog.Jobs.SumAsync(job => job.Failures, cancellation), await catalog.Jobs.SumAsync(
            job => job.Losses, cancellation)));
    }

    [Fact]
    public async Task A_failure_while_the_worker_stops_gives_the_job_back()
    {
        var cancellation = TestContext.Current.CancellationToken;
        StoppingBus? bus = null;
        await using var service = new TestService(_folder.Path, change: services => services.AddSingleton<IJobBus>(
            provider => bus = new StoppingBus(
                (IJobBus)provider.GetRequiredService<ILiveRequests>(), provider.GetRequiredService<IHostApplicationLifetime>())));
        var (spec, images) = _small.Plan();

        await service.StartAsync(spec, images);
        for (var attempt = 0; bus is null || bus.Answers.IsEmpty; attempt++)
        {
            Assert.True(attempt < 600, "the worker did not answer");
            await Task.Delay(50, cancellation);
        }

        Assert.All(bus.Answers, answer => Assert.Equal(ReturnReason.Stopping, Assert.IsType<JobReturned>(answer).Reason));
    }

    /// <summary>Stops the host when a job starts, and fails the job.</summary>
    private sealed class StoppingBus(IJobBus inner, IHostApplicationLifetime lifetime) : IJobBus
    {
        public ConcurrentQueue<IJobAnswer> Answers { get; } = new();

        public Task WaitUntilReadyAsync(CancellationToken cancellation) => inner.WaitUntilReadyAsync(cancellation);

        public Task SendAsync(JobMessage job, CancellationToken cancellation) => inner.SendAsync(job, cancellation);

        public Task AnswerAsync(IJobAnswer answer, CancellationToken cancellation)
        {
            if (answer is not JobStarted)
            {
                Answers.Enqueue(answer);
                return Task.CompletedTask;
            }
            lifetime.StopApplication();
            throw new InvalidOperationException("the device is disposed");
        }

        public Task ReportAsync(WorkerReported report, CancellationToken cancellation) => inner.ReportAsync(report, cancellation);

        public Task ShowProgressAsync(JobProgressed progress, CancellationToken cancellation)
            => inner.ShowProgressAsync(progress, cancellation);
    }

    /// <summary>Takes each command once: the dispatcher sends it, and the worker that passes it on is refused.</summary>
    private sealed class RefusingBus(IJobBus inner) : IJobBus
    {
        private readonly ConcurrentDictionary<JobMessage, bool> _sent = new();

        public Task WaitUntilReadyAsync(CancellationToken cancellation) => inner.WaitUntilReadyAsync(cancellation);

        public Task SendAsync(JobMessage job, CancellationToken cancellation)
            => _sent.TryAdd(job, true) ? inner.SendAsync(job, cancellation) : Task.FromException(new TaskCanceledException());

        public Task AnswerAsync(IJobAnswer answer, CancellationToken cancellation) => inner.AnswerAsync(answer, cancellation);

        public Task ReportAsync(WorkerReported report, CancellationToken cancellation) => inner.ReportAsync(report, cancellation);

        public Task ShowProgressAsync(JobProgressed progress, CancellationToken cancellation)
            => inner.ShowProgressAsync(progress, cancellation);
    }
}
