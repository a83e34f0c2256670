using SkiaSharp;
using VizPipeline.Images;
using VizPipeline.Sample.Pictures.Subjects;

namespace VizPipeline.Sample.Pictures;

/// <summary>
/// Draws an endless set of labelled pictures: shapes, textures and things, with varying colour, light, clutter and backgrounds. A picture
/// depends only on the seed and its index, so any part of a set can be drawn anywhere, in any order.
/// </summary>
public static class PictureGenerator
{
    /// <summary>
    /// Width and height in pixels. The sample network reads exactly this size, so its patches show the pixels that it saw.
    /// </summary>
    public const int Side = 96;

    /// <summary>The names of the classes, by class index.</summary>
    public static IReadOnlyList<string> Classes { get; } = [.. Subject.All.Select(subject => subject.Name)];

    /// <summary>
    /// Draws one picture. The class is <paramref name="index"/> modulo the number of classes, so that any run of indices is balanced.
    /// </summary>
    /// <param name="seed">Seed of the set.</param>
    /// <param name="index">Index of the picture in the set; not negative.</param>
    public static GeneratedPicture Draw(long seed, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var classIndex = (int)(index % Subject.All.Count);
        var subject = Subject.All[classIndex];
        var dice = new Dice(seed, index);
        var towardsLight = Outline.OnCircle(dice.Between(-160, -20), 1);

        using var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Premul));
        using (var canvas = new SKCanvas(bitmap))
        {
            var brush = new Brush(canvas, dice, new Palette(dice), towardsLight);
            if (subject.Pose == Pose.Everywhere)
                DrawTexture(brush, subject);
            else
                DrawScene(brush, subject, towardsLight);
            Finish.Light(brush, towardsLight, Side);
        }
        return new GeneratedPicture(new RgbImage(Side, Side, Finish.Develop(bitmap.GetPixelSpan(), dice)), classIndex);
    }

    private static void DrawTexture(Brush brush, Subject texture)
    {
        brush.Canvas.Save();
        brush.Canvas.Translate(Side / 2f, Side / 2f);
        brush.Canvas.Scale(Side / 2f);
        texture.Draw(brush);
        brush.Canvas.Restore();
        if (brush.Dice.Chance(0.35f))
            Clutter.Draw(brush, Side, brush.Dice.Whole(1, 4), 0.14f);
    }

    private static void DrawScene(Brush brush, Subject subject, SKPoint towardsLight)
    {
        Background.Draw(brush, Side);
        if (brush.Dice.Chance(0.7f))
            Clutter.Draw(brush, Side, brush.Dice.Whole(1, 9), 0.16f);

        // Usually one large subject; sometimes a second or third one, smaller, higher up and so further away.
        var count = brush.Dice.Chance(0.15f) ? brush.Dice.Whole(2, 3) : 1;
        for (var index = 0; index < count; index++)
            DrawSubject(brush, subject, towardsLight, index, count);

        if (brush.Dice.Chance(0.3f))
            Clutter.Draw(brush, Side, brush.Dice.Whole(1, 3), 0.1f);
    }

    private static void DrawSubject(Brush brush, Subject subject, SKPoint towardsLight, int index, int count)
    {
        var dice = brush.Dice;
        var half = Side * (count == 1 ? dice.Between(0.24f, 0.46f) : dice.Between(0.2f, 0.3f));
        // A small part may lie outside the frame, as in any snapshot.
        var slack = Math.Max(0, Side / 2f - half * 0.85f);
        var place = count == 1
            ? new SKPoint(dice.Between(-slack, slack), dice.Between(-slack, slack))
            : new SKPoint(Side * ((index + 0.5f) / count - 0.5f), dice.Between(-slack, slack) * 0.8f);

        brush.Canvas.Save();
        brush.Canvas.Translate(Side / 2f + place.X, Side / 2f + place.Y);
        if (dice.Chance(0.55f))
            CastShadow(brush, half, towardsLight);
        brush.Canvas.Scale(half * dice.Between(0.88f, 1.05f), half * dice.Between(0.88f, 1.05f));
        brush.Canvas.RotateDegrees(subject.Pose == Pose.Free ? dice.Between(0, 360) : dice.Between(-16, 16));
        brush.Canvas.Skew(dice.Between(-0.12f, 0.12f), 0);
        subject.Draw(brush);
        brush.Canvas.Restore();
    }

    private static void CastShadow(Brush brush, float half, SKPoint towardsLight)
    {
        using var blur = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, half * 0.14f);
        var shade = SKColors.Black.WithAlpha((byte)brush.Dice.Whole(50, 130));
        using var paint = new SKPaint { Color = shade, MaskFilter = blur, IsAntialias = true };
        brush.Canvas.DrawOval(
            -towardsLight.X * half * 0.3f, half * 0.55f - towardsLight.Y * half * 0.25f, half * 0.85f, half * 0.4f, paint);
    }
}
