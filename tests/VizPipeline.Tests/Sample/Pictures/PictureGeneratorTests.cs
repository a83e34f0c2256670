using VizPipeline.Sample.Pictures;

namespace VizPipeline.Tests.Sample;

public class PictureGeneratorTests
{
    private const int Side = PictureGenerator.Side;

    [Fact]
    public void The_same_seed_and_index_give_the_same_bytes_whatever_was_drawn_before()
    {
        var first = PictureGenerator.Draw(7, 33);
        PictureGenerator.Draw(7, 32);
        PictureGenerator.Draw(8, 33);

        var again = PictureGenerator.Draw(7, 33);

        Assert.Equal(first.Image.Pixels, again.Image.Pixels);
        Assert.Equal(first.Class, again.Class);
    }

    [Fact]
    public void Threads_do_not_disturb_each_other()
    {
        var alone = Enumerable.Range(0, 60).Select(index => PictureGenerator.Draw(1, index).Image.Pixels).ToArray();

        var together = new byte[60][];
        Parallel.For(0, 60, index => together[index] = PictureGenerator.Draw(1, index).Image.Pixels);

        Assert.Equal(alone, together);
    }

    [Fact]
    public void Every_run_of_indices_holds_every_class_equally_often()
    {
        var count = PictureGenerator.Classes.Count;
        Assert.True(count >= 12);
        Assert.Equal(count, PictureGenerator.Classes.Distinct().Count());

        var classes = Enumerable.Range(5, 2 * count).Select(index => PictureGenerator.Draw(3, index).Class).ToArray();

        Assert.All(classes.GroupBy(x => x), group => Assert.Equal(2, group.Count()));
        Assert.Equal(count, classes.Distinct().Count());
    }

    [Fact]
    public void Neighbouring_seeds_and_indices_give_different_pictures()
    {
        var count = PictureGenerator.Classes.Count;
        var pictures = new[] { (1, 0), (1, count), (2, 0), (2, count), (1, 2 * count) }
            .Select(at => PictureGenerator.Draw(at.Item1, at.Item2)).ToArray();

        Assert.All(pictures, picture => Assert.Equal(0, picture.Class));
        for (var one = 0; one < pictures.Length; one++)
            for (var other = 0; other < one; other++)
                Assert.True(Difference(pictures[one], pictures[other]) > 10, $"pictures {one} and {other} look alike");
    }

    [Fact]
    public void Every_class_draws_something_with_contrast()
    {
        for (var index = 0; index < 3 * PictureGenerator.Classes.Count; index++)
        {
            var picture = PictureGenerator.Draw(11, index);

            Assert.Equal((Side, Side, Side * Side * 3), (picture.Image.Width, picture.Image.Height, picture.Image.Pixels.Length));
            var mean = picture.Image.Pixels.Average(value => (double)value);
            var deviation = Math.Sqrt(picture.Image.Pixels.Average(value => (value - mean) * (value - mean)));
            Assert.True(
                deviation > 8,
                $"picture {index} ({PictureGenerator.Classes[picture.Class]}) is nearly flat: deviation {deviation:F1}");
        }
    }

    [Fact]
    public void A_negative_index_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => PictureGenerator.Draw(1, -1));

    private static double Difference(GeneratedPicture one, GeneratedPicture other)
        => one.Image.Pixels.Zip(other.Image.Pixels, (a, b) => Math.Abs(a - b)).Average();
}
